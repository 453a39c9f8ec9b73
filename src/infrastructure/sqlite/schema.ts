import type { DatabaseSync } from 'node:sqlite';

/** Every table is clustered by its key: what is read together lies together. */
const version1 = `
  CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE shards (shard INTEGER PRIMARY KEY, epoch INTEGER NOT NULL) STRICT;
  CREATE TABLE chat_homes (chat_id TEXT PRIMARY KEY, shard INTEGER NOT NULL) STRICT, WITHOUT ROWID;

  -- Settings and head. The head only moves forward, so a decision that is projected again changes nothing.
  CREATE TABLE chats (
    chat_id TEXT PRIMARY KEY, kind TEXT NOT NULL, title TEXT, creator_id TEXT NOT NULL,
    bucket INTEGER NOT NULL, next_seq INTEGER NOT NULL, next_rev INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE members (
    chat_id TEXT NOT NULL, user_id TEXT NOT NULL, role TEXT NOT NULL, PRIMARY KEY (chat_id, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX chats_by_user ON members (user_id, chat_id);

  -- Entries that post. recipients: a JSON array, or null.
  CREATE TABLE messages (
    chat_id TEXT NOT NULL, seq INTEGER NOT NULL, rev INTEGER NOT NULL,
    sender_id TEXT NOT NULL, client_message_id TEXT NOT NULL, fingerprint TEXT NOT NULL,
    sent_at TEXT NOT NULL, at INTEGER NOT NULL, recipients TEXT, body TEXT NOT NULL, recipient_id TEXT,
    PRIMARY KEY (chat_id, seq)
  ) STRICT, WITHOUT ROWID;

  -- Every other entry. content: the fields that only its type has, and recipients, as JSON.
  CREATE TABLE changes (
    chat_id TEXT NOT NULL, rev INTEGER NOT NULL, type TEXT NOT NULL,
    sender_id TEXT NOT NULL, client_message_id TEXT NOT NULL, fingerprint TEXT NOT NULL,
    sent_at TEXT NOT NULL, at INTEGER NOT NULL, content TEXT NOT NULL,
    PRIMARY KEY (chat_id, rev)
  ) STRICT, WITHOUT ROWID;

  -- The packed keys of 64 entries each (key-log.ts).
  CREATE TABLE entry_keys (
    chat_id TEXT NOT NULL, first_rev INTEGER NOT NULL, keys BLOB NOT NULL, PRIMARY KEY (chat_id, first_rev)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE chat_buckets (
    chat_id TEXT NOT NULL, bucket INTEGER NOT NULL, first_seq INTEGER NOT NULL, first_rev INTEGER NOT NULL,
    started_at INTEGER NOT NULL, PRIMARY KEY (chat_id, bucket)
  ) STRICT, WITHOUT ROWID;
`;

const schemaVersion = 1;

/** Brings the tables to this version of the service. Throws when a later version has written them. */
export const migrate = (database: DatabaseSync): void => {
  const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found === schemaVersion) return;
  if (found > schemaVersion) {
    throw new Error(`its tables have version ${found}, and this service knows ${schemaVersion}: run the later release`);
  }
  database.exec(`BEGIN IMMEDIATE; ${version1} PRAGMA user_version = ${schemaVersion}; COMMIT`);
};

/** The number of shards: what is stored, unless `wanted` raises it; 16 in a new store. */
export const settleShardCount = (database: DatabaseSync, wanted: number | undefined): number => {
  if (wanted !== undefined && !(Number.isInteger(wanted) && wanted > 0)) {
    throw new RangeError(`SHARDS must be a whole number from 1, not ${wanted}`);
  }
  const row = database.prepare("SELECT value FROM meta WHERE name = 'shards'").get() as { value: number } | undefined;
  const stored = row?.value;
  if (stored !== undefined && wanted !== undefined && wanted < stored) {
    throw new RangeError(
      `the store has ${stored} shards, which may be raised but never lowered: set SHARDS to ${stored} or more, not ${wanted}`,
    );
  }
  const count = wanted ?? stored ?? 16;
  if (count !== stored) database.prepare("INSERT OR REPLACE INTO meta (name, value) VALUES ('shards', ?)").run(count);
  return count;
};
