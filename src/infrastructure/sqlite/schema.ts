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

/** Settings as one JSON text; messages that change; memberships that begin and end; what belongs to one user. */
const version2 = `
  -- content of a creation: all settings in one.
  UPDATE changes SET content = json_remove(json_set(content, '$.settings', json_object(
    'title', json(content -> '$.title'), 'closed', json('false'), 'slowModeMs', 0, 'history', 'joined',
    'retentionDays', NULL)), '$.title') WHERE type = 'chat.created';
  -- Of the message that an edit or a deletion is about.
  ALTER TABLE changes ADD COLUMN seq INTEGER;
  CREATE INDEX changes_of_messages ON changes (chat_id, seq) WHERE seq IS NOT NULL;

  -- settings: JSON. What lies below first_seq and first_rev is not kept any more. last_at: of the newest message.
  ALTER TABLE chats ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
  ALTER TABLE chats ADD COLUMN first_seq INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE chats ADD COLUMN first_rev INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE chats ADD COLUMN large INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE chats ADD COLUMN last_at INTEGER;
  UPDATE chats SET
    settings = (SELECT content -> '$.settings' FROM changes WHERE changes.chat_id = chats.chat_id AND rev = 1),
    large = (SELECT count(*) > 100 FROM members WHERE members.chat_id = chats.chat_id),
    last_at = (SELECT at FROM messages WHERE messages.chat_id = chats.chat_id AND seq = next_seq - 1);
  ALTER TABLE chats DROP COLUMN title;

  ALTER TABLE members ADD COLUMN from_seq INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE members ADD COLUMN from_rev INTEGER NOT NULL DEFAULT 1;
  ALTER TABLE members ADD COLUMN muted_until INTEGER;
  ALTER TABLE members ADD COLUMN hides INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE members ADD COLUMN joined_at INTEGER NOT NULL DEFAULT 0;
  UPDATE members SET joined_at = (SELECT at FROM changes WHERE changes.chat_id = members.chat_id AND rev = 1);

  -- A post stays as it was decided; what has become of the message stands beside it. extras: JSON, or null. edited: the latest
  -- version, text and time, as JSON. removed: 'deleted' or 'erased'. reactions: the count of each, as JSON.
  ALTER TABLE messages ADD COLUMN extras TEXT;
  ALTER TABLE messages ADD COLUMN edited TEXT;
  ALTER TABLE messages ADD COLUMN removed TEXT;
  ALTER TABLE messages ADD COLUMN reactions TEXT;
  ALTER TABLE messages ADD COLUMN changed_rev INTEGER;

  -- emoji: a JSON array.
  CREATE TABLE reactions (
    chat_id TEXT NOT NULL, seq INTEGER NOT NULL, user_id TEXT NOT NULL, emoji TEXT NOT NULL,
    PRIMARY KEY (chat_id, seq, user_id)
  ) STRICT, WITHOUT ROWID;

  -- Messages that a user has deleted for themself.
  CREATE TABLE hidden_messages (
    chat_id TEXT NOT NULL, user_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (chat_id, user_id, seq)
  ) STRICT, WITHOUT ROWID;

  -- Messages that are gone for everyone: they count as read.
  CREATE TABLE removed_messages (
    chat_id TEXT NOT NULL, seq INTEGER NOT NULL, PRIMARY KEY (chat_id, seq)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE read_markers (
    chat_id TEXT NOT NULL, user_id TEXT NOT NULL, read_seq INTEGER NOT NULL, unread_from INTEGER,
    PRIMARY KEY (chat_id, user_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE profiles (
    user_id TEXT PRIMARY KEY, username TEXT NOT NULL, avatar_url TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

/** By which policy a post was decided (receipt-text.ts). Other entries have it in their content. */
const version3 = `
  ALTER TABLE messages ADD COLUMN receipt TEXT;
`;

/** Who was ever in which chat: what a user wrote is erased in chats they have left, too. */
const version4 = `
  CREATE TABLE chats_ever_by_user (
    user_id TEXT NOT NULL, chat_id TEXT NOT NULL, PRIMARY KEY (user_id, chat_id)
  ) STRICT, WITHOUT ROWID;
  INSERT OR IGNORE INTO chats_ever_by_user SELECT user_id, chat_id FROM members;
  -- Who has left, and left something behind: the only ones that matter.
  INSERT OR IGNORE INTO chats_ever_by_user SELECT DISTINCT sender_id, chat_id FROM messages;
`;

/** Each takes the tables from the version before it to its own. What is released is never changed. */
const steps = [version1, version2, version3, version4];

/** Brings the tables to this version of the service. Throws when a later version has written them. */
export const migrate = (database: DatabaseSync): void => {
  const { user_version: found } = database.prepare('PRAGMA user_version').get() as { user_version: number };
  if (found > steps.length) {
    throw new Error(`its tables have version ${found}, and this service knows ${steps.length}: run the later release`);
  }
  for (const [index, step] of steps.entries())
    if (index >= found) database.exec(`BEGIN IMMEDIATE; ${step} PRAGMA user_version = ${index + 1}; COMMIT`);
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
