import type { Placement } from '../../application/decision.ts';
/** Every statement that writes to a projection table. Each carries its decision's logical time (ADR-002). */
export const projectionQueries = {
  post: `INSERT INTO messages (chat_id, bucket, seq, rev, sender_id, client_message_id, fingerprint, body, at, sent_at, details,
    next_seq, next_rev) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,
  postWithExtras: `INSERT INTO messages (chat_id, bucket, seq, rev, sender_id, client_message_id, fingerprint, body, at, sent_at, details,
    next_seq, next_rev, extras) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,
  change: `INSERT INTO changes (chat_id, bucket, rev, type, sender_id, client_message_id, fingerprint, at, sent_at, details)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,
  head: 'INSERT INTO messages (chat_id, bucket, next_seq, next_rev) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',
  bucketStart:
    'INSERT INTO messages (chat_id, bucket, first_seq, first_rev, started_at) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?',
  keys: 'INSERT INTO entry_keys (chat_id, bucket, first_rev, keys) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',
  currentBucket: 'INSERT INTO chats (chat_id, current_bucket) VALUES (?, ?) USING TIMESTAMP ?',
  bucket:
    'INSERT INTO chat_buckets (chat_id, bucket, first_seq, first_rev, started_at) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?',

  edited: 'INSERT INTO messages (chat_id, bucket, seq, edited, edited_body) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?',
  removed: 'INSERT INTO messages (chat_id, bucket, seq, removed) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',
  erased:
    'INSERT INTO messages (chat_id, bucket, seq, body, extras, removed) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP ?',
  erasedEdit: 'INSERT INTO messages (chat_id, bucket, seq, edited_body) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',
  reacted: 'INSERT INTO messages (chat_id, bucket, seq, reactions) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',
  version: `INSERT INTO message_versions (chat_id, bucket, seq, version, body, at, sender_id) VALUES (?, ?, ?, ?, ?, ?, ?)
    USING TIMESTAMP ?`,
  erasedVersion:
    'INSERT INTO message_versions (chat_id, bucket, seq, version, body) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?',
  reactions: 'INSERT INTO reactions (chat_id, bucket, seq, user_id, emoji) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?',
  deletion: 'INSERT INTO deletions (chat_id, bucket, seq, rev) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',
  hidden: 'INSERT INTO hidden_messages (chat_id, user_id, seq, rev) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',

  settings: 'INSERT INTO chats (chat_id, settings) VALUES (?, ?) USING TIMESTAMP ?',
  updatedSettings: 'INSERT INTO chats (chat_id, updated_settings) VALUES (?, ?) USING TIMESTAMP ?',
  large: 'INSERT INTO chats (chat_id, large) VALUES (?, ?) USING TIMESTAMP ?',
  firstKept: 'INSERT INTO chats (chat_id, first_bucket, first_seq, first_rev) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',
  member: 'INSERT INTO chats (chat_id, user_id, role) VALUES (?, ?, ?) USING TIMESTAMP ?',
  newMember: `INSERT INTO chats (chat_id, user_id, role, from_seq, from_rev, muted_until, hides) VALUES (?, ?, ?, ?, ?, ?, ?)
    USING TIMESTAMP ?`,
  muted: 'INSERT INTO chats (chat_id, user_id, muted_until) VALUES (?, ?, ?) USING TIMESTAMP ?',
  hides: 'INSERT INTO chats (chat_id, user_id, hides) VALUES (?, ?, ?) USING TIMESTAMP ?',
  memberGone: 'DELETE FROM chats USING TIMESTAMP ? WHERE chat_id = ? AND user_id = ?',
  chatOfUser:
    'INSERT INTO chats_by_user (user_id, chat_id, role, joined_at, large) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?',
  chatEverOfUser: 'INSERT INTO chats_ever_by_user (user_id, chat_id, joined_at) VALUES (?, ?, ?) USING TIMESTAMP ?',
  roleOfUser: 'INSERT INTO chats_by_user (user_id, chat_id, role) VALUES (?, ?, ?) USING TIMESTAMP ?',
  largeOfUser: 'INSERT INTO chats_by_user (user_id, chat_id, large) VALUES (?, ?, ?) USING TIMESTAMP ?',
  activity: 'INSERT INTO chats_by_user (user_id, chat_id, active_at) VALUES (?, ?, ?) USING TIMESTAMP ?',
  chatOfUserGone: 'DELETE FROM chats_by_user USING TIMESTAMP ? WHERE user_id = ? AND chat_id = ?',

  bucketsGone: 'DELETE FROM chat_buckets USING TIMESTAMP ? WHERE chat_id = ? AND bucket < ?',
  messagesGone: 'DELETE FROM messages USING TIMESTAMP ? WHERE chat_id = ? AND bucket = ?',
  changesGone: 'DELETE FROM changes USING TIMESTAMP ? WHERE chat_id = ? AND bucket = ?',
  keysGone: 'DELETE FROM entry_keys USING TIMESTAMP ? WHERE chat_id = ? AND bucket = ?',
  versionsGone: 'DELETE FROM message_versions USING TIMESTAMP ? WHERE chat_id = ? AND bucket = ?',
  reactionsGone: 'DELETE FROM reactions USING TIMESTAMP ? WHERE chat_id = ? AND bucket = ?',
  deletionsGone: 'DELETE FROM deletions USING TIMESTAMP ? WHERE chat_id = ? AND bucket = ?',
} as const;

export type ProjectionStatement = {
  readonly query: keyof typeof projectionQueries;
  /** Never null: a null is a tombstone. */
  readonly params: readonly unknown[];
  /** Statements of one partition may travel in one batch. */
  readonly partition: string;
};

/** What a decision is going to write, while it is being made. */
export type Draft = {
  readonly time: unknown;
  readonly placement: Placement;
  readonly content: ProjectionStatement[];
  readonly index: ProjectionStatement[];
};

/** The names of a chat's partitions: a letter for the table, then its key. */
export const partitions = {
  messages: (bucket: number, chat: string) => `m ${bucket} ${chat}`,
  changes: (bucket: number, chat: string) => `e ${bucket} ${chat}`,
  keys: (bucket: number, chat: string) => `k ${bucket} ${chat}`,
  versions: (bucket: number, chat: string) => `v ${bucket} ${chat}`,
  reactions: (bucket: number, chat: string) => `r ${bucket} ${chat}`,
  deletions: (bucket: number, chat: string) => `d ${bucket} ${chat}`,
  hidden: (user: string, chat: string) => `h ${user} ${chat}`,
  roster: (chat: string) => `c ${chat}`,
  buckets: (chat: string) => `b ${chat}`,
  user: (user: string) => `u ${user}`,
  everOfUser: (user: string) => `w ${user}`,
} as const;
