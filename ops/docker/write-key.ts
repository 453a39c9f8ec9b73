/** Leaves the key that all instances share in a file: KEY when it is set, else the one that is there, else a new one.
 *
 *  node ops/docker/write-key.ts /keys/key */
import { randomBytes } from 'node:crypto';
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const path = process.argv[2];
if (path === undefined) throw new Error('Name the file for the key: node ops/docker/write-key.ts /keys/key');

const given = process.env.KEY?.trim();
if (given || !existsSync(path)) {
  // Written aside and renamed: nobody reads half a key.
  const aside = `${path}.new`;
  rmSync(aside, { force: true });
  writeFileSync(aside, `${given || randomBytes(32).toString('base64url')}\n`, { mode: 0o400 });
  renameSync(aside, path);
}
console.log(given ? `The key of the environment is in ${path}.` : `The key is in ${path}.`);
