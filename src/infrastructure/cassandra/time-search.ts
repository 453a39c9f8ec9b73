import type { OpenBucket } from '../../application/ports/chat-store.ts';
import { type ChatId, type Micros, type Seq, seq } from '../../domain/ids.ts';
import { type BucketSearch, byTime } from './bucket-search.ts';
import type { ChatLog } from './chat-log.ts';

/** Beside the message where the time should be: close by, where messages come evenly, and ever farther. Each of them costs the server a
 *  look into the partition. */
const offsets = [0, -1, 1, -8, 8, -64, 64, -512, 512, -4_096, 4_096];

/** A message, and when it was posted. */
type Post = { readonly seq: number; readonly at: number };

/** The first message that was posted then or later; `newest.seq + 1` when there is none. */
export const firstSince = async (
  log: Pick<ChatLog, 'postTimes'>,
  chatId: ChatId,
  time: Micros,
  buckets: BucketSearch,
  newest: Post,
): Promise<Seq> => {
  // What one turn decides has one time: messages of the moment a bucket began may lie in the one before it.
  const { bucket, next } = await buckets.last(byTime, time - 1);
  let older: Post = { seq: bucket.firstSeq - 1, at: bucket.startedAt };
  let later: Post = next === undefined ? { seq: newest.seq + 1, at: newest.at } : startOf(next);
  while (older.seq + 1 < later.seq) {
    const times = await log.postTimes(chatId, bucket.bucket, candidates(older, later, time));
    if (times.length === 0) break;
    const index = times.findIndex(({ at }) => at >= time);
    if (index >= 0) later = times[index]!;
    older = (index < 0 ? times.at(-1) : times[index - 1]) ?? older;
  }
  return seq(later.seq);
};

const startOf = ({ firstSeq, startedAt }: OpenBucket): Post => ({ seq: firstSeq, at: startedAt });

/** Seqs between the two, in order: around where the time should be, and the middle, so that each look leaves less than half. */
const candidates = (older: Post, later: Post, time: number): number[] => {
  const [low, high] = [older.seq + 1, later.seq - 1];
  const share = later.at > older.at ? (time - older.at) / (later.at - older.at) : 0.5;
  const guess = Math.round(low + (high - low) * Math.min(Math.max(share, 0), 1));
  const near = offsets.map((offset) => guess + offset).filter((at) => at >= low && at <= high);
  return [...new Set([...near, Math.floor((low + high) / 2)])].sort((a, b) => a - b);
};
