import type { MessagePage, MessageView, PageRequest } from '../../application/ports/chat-reader.ts';
import { pageOf, pageWindow, type SeqAnchor, visibleRange } from '../store-kit/page-window.ts';
import { BucketSearch } from './bucket-search.ts';
import type { ChatLog } from './chat-log.ts';
import { CassandraUnavailable } from './failures.ts';
import { messagesOf } from './messages-between.ts';
import { firstSince } from './time-search.ts';

/** How many of the oldest buckets are fetched: the newest page needs only to know where the chat begins. */
const oldestOf = ({ at }: PageRequest['anchor']): number => (at === 'newest' ? 1 : 8);

export const readPage = async (log: ChatLog, request: PageRequest): Promise<MessagePage | undefined> => {
  const { chatId, limit, fromSeq, anchor } = request;
  const { buckets, isWhole } = await log.newestBuckets(chatId);
  const current = buckets[0];
  if (current === undefined) return undefined;
  const [newest, oldest] = await Promise.all([
    log.newest(chatId, current.bucket, anchor.at === 'newest' ? limit : 1),
    isWhole ? buckets : log.oldestBuckets(chatId, oldestOf(anchor)),
  ]);
  if (newest === undefined || oldest.length === 0)
    throw new CassandraUnavailable(`chat ${chatId}: bucket ${current.bucket} has no head`);
  const { nextSeq } = newest.head;
  const search = new BucketSearch(log, chatId, buckets, oldest);
  const range = visibleRange({ firstSeq: oldest.at(-1)!.firstSeq, nextSeq }, fromSeq);
  const last = { seq: nextSeq - 1, at: newest.messages.at(-1)?.post.at ?? current.startedAt };
  const seqAnchor: SeqAnchor =
    anchor.at === 'time' ? { at: 'around', seq: await firstSince(log, chatId, anchor.time, search, last) } : anchor;
  const window = pageWindow({ anchor: seqAnchor, limit }, range);
  const here = newest.messages.filter((message) => message.seq >= window.low && message.seq <= window.high);
  const high = here.length > 0 ? here[0]!.seq - 1 : window.high;
  const found: MessageView[] =
    window.low > high
      ? here
      : [...(await messagesOf(log, chatId, window.low, high, await search.covering(window.low, high))), ...here];
  const page = pageOf(found, window, range);
  if (page.items.length === 0 && window.low <= window.high)
    throw new CassandraUnavailable(`chat ${chatId}: message ${window.low} is being dropped, or cannot be read`);
  return page;
};
