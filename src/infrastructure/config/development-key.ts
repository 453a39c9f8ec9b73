import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const developmentKeyPath = (dataDir: string): string => join(dataDir, 'development-key');

/** The key that tokens are signed with while none is configured: made once, kept in `dataDir`, readable by its owner only.
 *  Not for production: loadConfig refuses to go without KEY there. Throws a sentence that says what to do. */
export const developmentKey = (dataDir: string): string => {
  const path = developmentKeyPath(dataDir);
  try {
    mkdirSync(dataDir, { recursive: true });
    return read(path) ?? make(path);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(
      `The development key in DATA_DIR cannot be read or written: ${reason}. Make ${dataDir} writable, or set KEY.`,
      {
        cause: error,
      },
    );
  }
};

const read = (path: string): string | undefined => {
  try {
    const key = readFileSync(path, 'utf8').trim();
    if (key === '') throw new Error(`${path} is empty; remove it`);
    return key;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
};

/** Written aside and linked: whoever comes second finds the whole key of the first. */
const make = (path: string): string => {
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600 });
  try {
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(aside, { force: true });
  }
  const key = read(path);
  if (key === undefined) throw new Error(`${path} has vanished`);
  return key;
};
