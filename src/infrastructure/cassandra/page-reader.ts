import type { LogExtent, MessagePage, MessageView, PageRequest } from '../../application/ports/chat-reader.ts';
import type { OpenBucket } from '../../application/ports/chat-store.ts';
import { pageOf, pageWindow, type SeqAnchor, visibleRange } from '../store-kit/page-window.ts';
import { BucketSearch, bucketsInLook, united } from './bucket-search.ts';
import type { ChatLog } from './chat-log.ts';
import { CassandraUnavailable } from './failures.ts';
import type { KnownBuckets } from './known-buckets.ts';
import { messagesOf } from './messages-between.ts';
import type { Newest } from './newest-pages.ts';
import { firstSince } from './time-search.ts';

/** `extent`: read just now, and `fromSeq` is kept. `read`: the newest messages of its open bucket, when they have been. */
export const readPage = async (
  log: ChatLog,
  knownBuckets: KnownBuckets,
  { chatId, limit, fromSeq, anchor }: PageRequest,
  extent: Pick<LogExtent, 'firstBucket' | 'openBucket'>,
  read?: Newest,
): Promise<MessagePage> => {
  const { firstBucket, openBucket } = extent;
  const known = knownBuckets.of(chatId, extent);
  const isNewest = anchor.at === 'newest';
  const [newest, found] = await Promise.all([
    read ?? log.newest(chatId, openBucket, isNewest ? limit : 1),
    firstBucket === openBucket || known.length > 0
      ? known
      : isNewest
        ? log.bucketsBelow(chatId, openBucket, bucketsInLook)
        : log.bucketsFrom(chatId, firstBucket, bucketsInLook),
  ]);
  if (newest === undefined) throw new CassandraUnavailable(`chat ${chatId}: bucket ${openBucket} has no head`);
  const { head, messages } = newest;
  const hasOpen = found.at(-1)?.bucket === openBucket;
  const search = new BucketSearch(log, chatId, extent, hasOpen ? found : united(found, [bucketOf(head)]));
  const range = visibleRange({ firstSeq: fromSeq, nextSeq: head.nextSeq }, fromSeq);
  const last = { seq: head.nextSeq - 1, at: messages.at(-1)?.post.at ?? head.startedAt };
  const seqAnchor: SeqAnchor =
    anchor.at === 'time' ? { at: 'around', seq: await firstSince(log, chatId, anchor.time, search, last) } : anchor;
  const window = pageWindow({ anchor: seqAnchor, limit }, range);
  const here = messages.filter(({ seq }) => seq >= window.low && seq <= window.high);
  const high = here.length > 0 ? here[0]!.seq - 1 : window.high;
  const older: MessageView[] =
    window.low > high ? [] : await messagesOf(log, chatId, window.low, high, await search.covering(window.low, high));
  if (firstBucket !== openBucket && (found !== known || !hasOpen || search.hasLearned))
    knownBuckets.add(chatId, search.known, extent);
  const page = pageOf([...older, ...here], window, range);
  if (page.items.length === 0 && window.low <= window.high)
    throw new CassandraUnavailable(`chat ${chatId}: message ${window.low} is being dropped, or cannot be read`);
  return page;
};

/** Without what changes about it. */
const bucketOf = ({ bucket, firstSeq, firstRev, startedAt }: OpenBucket): OpenBucket => ({
  bucket,
  firstSeq,
  firstRev,
  startedAt,
});
