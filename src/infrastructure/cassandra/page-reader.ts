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
  const { chatId, limit, fromSeq, anchor, openBucket } = request;
  if (anchor.at === 'newest' && openBucket !== undefined) {
    const page = await newestPage(log, { ...request, anchor, openBucket });
    if (page !== undefined) return page;
  }
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

/** One read; undefined when the page does not lie in the open bucket as a whole. */
const newestPage = async (
  log: Pick<ChatLog, 'newest'>,
  { chatId, limit, fromSeq, anchor, openBucket }: PageRequest & { anchor: { at: 'newest' }; openBucket: number },
): Promise<MessagePage | undefined> => {
  const newest = await log.newest(chatId, openBucket, limit);
  if (newest === undefined) return undefined;
  const range = visibleRange({ firstSeq: fromSeq, nextSeq: newest.head.nextSeq }, fromSeq);
  const window = pageWindow({ anchor, limit }, range);
  if (window.low > window.high) return pageOf([], window, range);
  const page = pageOf(
    newest.messages.filter(({ seq }) => seq >= window.low),
    window,
    range,
  );
  // What begins in an earlier bucket has a hole at its beginning here, and is cut there.
  return page.items.length > 0 ? page : undefined;
};
