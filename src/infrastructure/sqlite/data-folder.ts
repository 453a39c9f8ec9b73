import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { migrate } from './schema.ts';

export type DataFolder = {
  readonly database: DatabaseSync;
  close(): void;
};

/** Opens the store in a folder, which is made when it is not there, and keeps every other process out of it. What can go
 *  wrong is said in one sentence that names the folder and what to do. */
export const openDataFolder = (dataDir: string): DataFolder => {
  const folder = resolve(dataDir);
  const opened: DatabaseSync[] = [];
  const close = () => {
    for (const database of opened.splice(0).reverse()) database.close();
  };
  try {
    mkdirSync(folder, { recursive: true });
    opened.push(lock(folder));
    const database = new DatabaseSync(join(folder, 'chats.sqlite'));
    opened.push(database);
    // secure_delete: what is erased is overwritten with zeros.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON');
    migrate(database);
    return { database, close };
  } catch (error) {
    close();
    throw new Error(sentence(folder, error as Failure), { cause: error });
  }
};

/** A transaction that never ends. The operating system frees it with the process, however that dies. */
const lock = (folder: string): DatabaseSync => {
  const database = new DatabaseSync(join(folder, 'lock'));
  try {
    database.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    database.close();
    throw error;
  }
  return database;
};

/** Of `node:fs` (a code such as EACCES) or of SQLite (a number; its low byte is the primary result code). */
type Failure = Error & { readonly code?: string; readonly errcode?: number };

const busy = 5;
const corrupt = 11;
const notADatabase = 26;

const sentence = (folder: string, error: Failure): string => {
  switch ((error.errcode ?? 0) & 0xff) {
    case busy:
      return `the data folder ${folder} is in use by another process; stop it, or set DATA_DIR to another folder`;
    case corrupt:
    case notADatabase:
      return `a file in the data folder ${folder} is damaged (${error.message}); put a backup in its place, or set DATA_DIR to another folder`;
    case 0:
      if (error.code === undefined) return `the data folder ${folder} cannot be used: ${error.message}`;
  }
  return `the data folder ${folder} cannot be written (${error.message}); give this user the right to, or set DATA_DIR to another folder`;
};
