import type { Decision, Placement } from '../../application/decision.ts';
import type { Entry, MessagePosted } from '../../domain/chat/entry.ts';
import type { Micros } from '../../domain/ids.ts';
import { detailsOfChange, detailsOfPost } from './entry-row.ts';
import { logicalTime } from './logical-time.ts';
import { projectOntoChat } from './project-chat.ts';
import { projectOntoMessages } from './project-messages.ts';
import { type Draft, type ProjectionStatement, partitions } from './projection-queries.ts';

/** What one decision writes. `index` is written when the content is there: what readers find it by, and what they cannot find any more. */
export type Projection = {
  readonly content: readonly ProjectionStatement[];
  readonly index: readonly ProjectionStatement[];
};

/** A pure function of the decision, the same at its commit and at every replay. A rejection writes nothing. */
export const projectionOf = ({ chatId, epoch, n, outcome }: Decision): Projection => {
  if (outcome.kind === 'rejected') return nothing;
  const time = logicalTime(epoch, n);
  const { entries, placement } = outcome;
  const { bucket, nextSeq, nextRev, opens, keys } = placement;
  const log = partitions.messages(bucket, chatId);
  const [first] = entries;
  // Not pushed: an array that grows has room for seventeen, and most never hold another one.
  const content = first?.type === 'message.posted' ? [postStatement(first, placement, log, time)] : [];
  const index: ProjectionStatement[] = [];
  const draft: Draft = { time, placement, content, index };
  for (const entry of entries) {
    if (entry.type === 'message.posted') {
      if (entry !== first) content.push(postStatement(entry, placement, log, time));
      if (placement.activeAt != null) projectActivity(entry, placement.activeAt, draft);
    } else {
      content.push(changeStatement(entry, placement, time));
      projectOntoMessages(entry, draft);
      projectOntoChat(entry, draft);
    }
  }
  // A post carries the head in its own INSERT: a second statement would cost half of the throughput.
  if (!entries.some(({ type }) => type === 'message.posted'))
    content.push({ query: 'head', params: [chatId, bucket, nextSeq, nextRev, time], partition: log });
  if (opens !== null) {
    const { firstSeq, firstRev, startedAt } = opens;
    const start = [chatId, bucket, firstSeq, firstRev, startedAt, time];
    content.push({ query: 'bucketStart', params: start, partition: log });
    index.push({ query: 'bucket', params: start, partition: partitions.buckets(chatId) });
    index.push({ query: 'currentBucket', params: [chatId, bucket, time], partition: partitions.roster(chatId) });
  }
  if (keys !== null) {
    const params = [chatId, bucket, keys.firstRev, Buffer.from(keys.blob, 'base64'), time];
    content.push({ query: 'keys', params, partition: partitions.keys(bucket, chatId) });
  }
  return { content, index: index.length === 0 ? none : index };
};

/** Whether nothing can go wrong when its projection is made: of a rejection; and, what most decisions are, of a post of nothing but text, alone, that
 *  opens no bucket, completes no block of keys and moves no chat up. Made after they were journaled, it does not have to be kept while they wait
 *  for that. */
export const surelyProjects = ({ outcome }: Decision): boolean => {
  if (outcome.kind === 'rejected') return true;
  const {
    entries,
    placement: { opens, keys, activeAt },
  } = outcome;
  const [first] = entries;
  const isPlain = entries.length === 1 && first!.type === 'message.posted' && first!.extras === null;
  return isPlain && opens === null && keys === null && activeAt === null;
};

const none: readonly ProjectionStatement[] = [];
const nothing: Projection = { content: none, index: none };

const postStatement = (
  entry: MessagePosted,
  { bucket, nextSeq, nextRev }: Placement,
  partition: string,
  time: unknown,
): ProjectionStatement => {
  const { chatId, seq, rev, senderId, clientMessageId, fingerprint, body, at, sentAt, extras } = entry;
  const details = detailsOfPost(entry);
  if (extras !== null) {
    return {
      query: 'postWithExtras',
      // biome-ignore format: in the order of the columns
      params: [chatId, bucket, seq, rev, senderId, clientMessageId, fingerprint, body, at, sentAt, details, nextSeq, nextRev, JSON.stringify(extras), time],
      partition,
    };
  }
  return {
    query: 'post',
    // biome-ignore format: in the order of the columns
    params: [chatId, bucket, seq, rev, senderId, clientMessageId, fingerprint, body, at, sentAt, details, nextSeq, nextRev, time],
    partition,
  };
};

const changeStatement = (
  entry: Exclude<Entry, MessagePosted>,
  { bucket, targets }: Placement,
  time: unknown,
): ProjectionStatement => {
  const { chatId, rev, senderId, clientMessageId, fingerprint, at, sentAt } = entry;
  const details = detailsOfChange(entry, targets ?? []);
  return {
    query: 'change',
    // biome-ignore format: in the order of the columns
    params: [chatId, bucket, rev, entry.type, senderId, clientMessageId, fingerprint, at, sentAt, details, time],
    partition: partitions.changes(bucket, chatId),
  };
};

/** Once in a while a post moves its chat up in its members' lists. */
const projectActivity = ({ chatId, recipients }: MessagePosted, activeAt: Micros, { time, content }: Draft): void => {
  for (const userId of recipients ?? []) {
    const params = [userId, chatId, activeAt, time];
    content.push({ query: 'activity', params, partition: partitions.user(userId) });
  }
};
