import type { Decision, Placement } from '../../application/decision.ts';
import type { ChatCreated, Entry } from '../../domain/chat/entry.ts';
import type { ChatId } from '../../domain/ids.ts';
import { detailsOfChange, detailsOfPost } from './entry-row.ts';
import { logicalTime } from './logical-time.ts';

/** Every statement that writes to a projection table. Each carries its decision's logical time (ADR-002). */
export const projectionQueries = {
  post: `INSERT INTO messages (chat_id, bucket, seq, rev, sender_id, client_message_id, fingerprint, body, at, sent_at, details,
    next_seq, next_rev) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,
  change: `INSERT INTO changes (chat_id, bucket, rev, type, sender_id, client_message_id, fingerprint, at, sent_at, details)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) USING TIMESTAMP ?`,
  head: 'INSERT INTO messages (chat_id, bucket, next_seq, next_rev) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',
  bucketStart:
    'INSERT INTO messages (chat_id, bucket, first_seq, first_rev, started_at) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?',
  keys: 'INSERT INTO entry_keys (chat_id, bucket, first_rev, keys) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',
  member: 'INSERT INTO chats (chat_id, user_id, role) VALUES (?, ?, ?) USING TIMESTAMP ?',
  chatOfUser: 'INSERT INTO chats_by_user (user_id, chat_id, role, joined_at) VALUES (?, ?, ?, ?) USING TIMESTAMP ?',
  settings: 'INSERT INTO chats (chat_id, settings) VALUES (?, ?) USING TIMESTAMP ?',
  currentBucket: 'INSERT INTO chats (chat_id, current_bucket) VALUES (?, ?) USING TIMESTAMP ?',
  bucket:
    'INSERT INTO chat_buckets (chat_id, bucket, first_seq, first_rev, started_at) VALUES (?, ?, ?, ?, ?) USING TIMESTAMP ?',
} as const;

export type ProjectionStatement = {
  readonly query: keyof typeof projectionQueries;
  /** Never null: a null is a tombstone. */
  readonly params: readonly unknown[];
  /** Statements of one partition may travel in one batch. */
  readonly partition: string;
};

/** What one decision writes. `index` is what readers find the `content` by: it is written when the content is there. */
export type Projection = {
  readonly content: readonly ProjectionStatement[];
  readonly index: readonly ProjectionStatement[];
};

/** A pure function of the decision, the same at its commit and at every replay. A rejection writes nothing. */
export const projectionOf = ({ chatId, epoch, n, outcome }: Decision): Projection => {
  if (outcome.kind === 'rejected') return nothing;
  const time = logicalTime(epoch, n);
  const { entries, placement } = outcome;
  const content: ProjectionStatement[] = [];
  const index: ProjectionStatement[] = [];
  const log = `m ${placement.bucket} ${chatId}`;
  let hasPost = false;
  for (const entry of entries) {
    content.push(entryStatement(entry, placement, log, time));
    if (entry.type === 'message.posted') hasPost = true;
    if (entry.type === 'chat.created') projectCreation(entry, time, content, index);
  }
  const { bucket, nextSeq, nextRev, opens, keys } = placement;
  // A post carries the head in its own INSERT: a second statement would cost half of the throughput.
  if (!hasPost) content.push({ query: 'head', params: [chatId, bucket, nextSeq, nextRev, time], partition: log });
  if (opens !== null) {
    const { firstSeq, firstRev, startedAt } = opens;
    const start = [chatId, bucket, firstSeq, firstRev, startedAt, time];
    content.push({ query: 'bucketStart', params: start, partition: log });
    index.push({ query: 'bucket', params: start, partition: `b ${chatId}` });
    index.push({ query: 'currentBucket', params: [chatId, bucket, time], partition: roster(chatId) });
  }
  if (keys !== null) {
    const params = [chatId, bucket, keys.firstRev, Buffer.from(keys.blob, 'base64'), time];
    content.push({ query: 'keys', params, partition: `k ${bucket} ${chatId}` });
  }
  return { content, index };
};

const nothing: Projection = { content: [], index: [] };
const roster = (chatId: ChatId) => `c ${chatId}`;

const entryStatement = (entry: Entry, placement: Placement, log: string, time: unknown): ProjectionStatement => {
  const { bucket, nextSeq, nextRev } = placement;
  const { chatId, rev, senderId, clientMessageId, fingerprint, at, sentAt } = entry;
  if (entry.type === 'message.posted') {
    const details = detailsOfPost(entry);
    const { seq, body } = entry;
    return {
      query: 'post',
      // biome-ignore format: in the order of the columns
      params: [chatId, bucket, seq, rev, senderId, clientMessageId, fingerprint, body, at, sentAt, details, nextSeq, nextRev, time],
      partition: log,
    };
  }
  return {
    query: 'change',
    // biome-ignore format: in the order of the columns
    params: [chatId, bucket, rev, entry.type, senderId, clientMessageId, fingerprint, at, sentAt, detailsOfChange(entry), time],
    partition: `e ${bucket} ${chatId}`,
  };
};

const projectCreation = (
  { chatId, senderId, kind, title, members, at }: ChatCreated,
  time: unknown,
  content: ProjectionStatement[],
  index: ProjectionStatement[],
): void => {
  for (const { userId, role } of members) {
    content.push({ query: 'member', params: [chatId, userId, role, time], partition: roster(chatId) });
    content.push({ query: 'chatOfUser', params: [userId, chatId, role, at, time], partition: `u ${userId}` });
  }
  const settings = JSON.stringify({ v: 1, kind, title, creatorId: senderId });
  index.push({ query: 'settings', params: [chatId, settings, time], partition: roster(chatId) });
};
