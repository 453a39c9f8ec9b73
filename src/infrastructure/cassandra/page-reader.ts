import type { MessagePage, PageRequest } from '../../application/ports/chat-reader.ts';
import { type ChatId, type Micros, type Seq, seq } from '../../domain/ids.ts';
import { pageOf, pageWindow, type SeqAnchor, visibleRange } from '../store-kit/page-window.ts';
import type { ChatLog } from './chat-log.ts';
import { CassandraUnavailable } from './failures.ts';
import { messagesBetween } from './messages-between.ts';

/** Messages whose times are asked for at once, while one is searched by its time. */
const probes = 16;

export const readPage = async (log: ChatLog, request: PageRequest): Promise<MessagePage | undefined> => {
  const { chatId, limit, fromSeq, anchor } = request;
  const { buckets, isWhole } = await log.newestBuckets(chatId);
  const current = buckets[0];
  if (current === undefined) return undefined;
  const [newest, oldest] = await Promise.all([
    log.newest(chatId, current.bucket, anchor.at === 'newest' ? limit : 1),
    isWhole ? buckets.at(-1) : log.oldestBuckets(chatId, 1).then(([oldest]) => oldest),
  ]);
  if (newest === undefined || oldest === undefined)
    throw new CassandraUnavailable(`chat ${chatId}: bucket ${current.bucket} has no head`);
  const { nextSeq } = newest.head;
  const range = visibleRange({ firstSeq: oldest.firstSeq, nextSeq }, fromSeq);
  const window = pageWindow({ anchor: await seqAnchor(log, chatId, anchor, nextSeq), limit }, range);
  const here = newest.messages.filter((message) => message.seq >= window.low && message.seq <= window.high);
  const high = here.length > 0 ? here[0]!.seq - 1 : window.high;
  const found = [...(await messagesBetween(log, chatId, window.low, high, buckets)), ...here];
  const page = pageOf(found, window, range);
  if (page.items.length === 0 && window.low <= window.high)
    throw new CassandraUnavailable(`chat ${chatId}: message ${window.low} is being dropped, or cannot be read`);
  return page;
};

const seqAnchor = async (
  log: ChatLog,
  chatId: ChatId,
  anchor: PageRequest['anchor'],
  nextSeq: Seq,
): Promise<SeqAnchor> =>
  anchor.at === 'time' ? { at: 'around', seq: await firstSince(log, chatId, anchor.time, nextSeq) } : anchor;

/** The first message that was posted then or later; `nextSeq` when there is none. */
const firstSince = async (log: ChatLog, chatId: ChatId, time: Micros, nextSeq: Seq): Promise<Seq> => {
  // What one turn decides has one time: messages of the moment a bucket began may lie in the one before it.
  const buckets = await log.bucketsBack(chatId, ({ startedAt }) => startedAt < time);
  const bucket = buckets.at(-1)!;
  let low: number = bucket.firstSeq;
  let end: number = buckets.at(-2)?.firstSeq ?? nextSeq;
  // Everything below `low` is older, what is at `end` is not.
  while (low < end) {
    const span = end - low;
    const count = Math.min(probes, span);
    const seqs = Array.from({ length: count }, (_, index) => low + Math.floor((span * index) / count));
    const times = await log.postTimes(chatId, bucket.bucket, seqs);
    if (times.length === 0) break;
    const later = times.findIndex(({ at }) => at >= time);
    if (later >= 0) end = times[later]!.seq;
    const older = later < 0 ? times.at(-1) : times[later - 1];
    if (older !== undefined) low = older.seq + 1;
  }
  return seq(end);
};
