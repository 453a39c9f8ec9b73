import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Tables of version 1, as that release made them. */
const tables = `
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

export const bigChat = 'big';
export const oddChat = 'odd';
export const createdAt = 1_795_000_000_000_001;
export const oddTitle = 'a\0b "Öl" 🛢';

/** A data folder of version 1: a direct chat without messages, a group with three, and one of more than 100 members. */
export const makeVersion1 = (dataDir: string): void => {
  const database = new DatabaseSync(join(dataDir, 'chats.sqlite'));
  database.exec(`PRAGMA journal_mode = WAL; BEGIN; ${tables} PRAGMA user_version = 1; COMMIT`);
  database.exec("INSERT INTO meta VALUES ('shards', 8); INSERT INTO shards VALUES (3, 7)");
  const addHome = database.prepare('INSERT INTO chat_homes VALUES (?, 3)');
  const addChat = database.prepare('INSERT INTO chats VALUES (?, ?, ?, ?, 0, ?, ?)');
  const addMember = database.prepare('INSERT INTO members VALUES (?, ?, ?)');
  const addBucket = database.prepare('INSERT INTO chat_buckets VALUES (?, 0, 1, 1, ?)');
  const addChange = database.prepare(
    "INSERT INTO changes VALUES (?, 1, 'chat.created', ?, 'create', 'print', 'then', ?, ?)",
  );
  const addMessage = database.prepare('INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');

  const create = (id: string, kind: string, title: string | null, ids: readonly string[], posts: number) => {
    const members = ids.map((userId, index) => ({ userId, role: index === 0 ? 'owner' : 'member' }));
    const recipients = ids.length > 100 ? null : ids;
    addHome.run(id);
    addChat.run(id, kind, title, ids[0]!, posts + 1, posts + 2);
    for (const { userId, role } of members) addMember.run(id, userId, role);
    addBucket.run(id, createdAt);
    addChange.run(id, ids[0]!, createdAt, JSON.stringify({ recipients, kind, title, members }));
    for (let seq = 1; seq <= posts; seq++) {
      const listed = recipients && JSON.stringify(recipients);
      // biome-ignore format: in the order of the columns
      addMessage.run(id, seq, seq + 1, ids[0]!, `c-${seq}`, 'print', 'once', createdAt + seq, listed, `text ${seq}`, null);
    }
  };
  create('d-1', 'direct', null, ['1', '2'], 0);
  create(oddChat, 'group', oddTitle, ['5', '10', '2'], 3);
  create(
    bigChat,
    'group',
    '',
    Array.from({ length: 101 }, (_, index) => `u${index}`),
    1,
  );
  database.close();
};
