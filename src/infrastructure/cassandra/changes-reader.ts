import type { ChangePage, LogPosition } from '../../application/ports/chat-reader.ts';
import type { MessagePosted } from '../../domain/chat/entry.ts';
import type { ChatId } from '../../domain/ids.ts';
import { logPageOf } from '../store-kit/log-page.ts';
import type { ChatTables } from './chat-tables.ts';
import type { StoredChange } from './entry-row.ts';
import { CassandraUnavailable } from './failures.ts';

/** Posts and changes after a position, bucket by bucket, in the order of their revs; cut where one is not readable yet. */
export const readChanges = async (
  { log, annex }: ChatTables,
  chatId: ChatId,
  since: LogPosition,
  limit: number,
): Promise<ChangePage | 'gone' | undefined> => {
  const buckets = await log.bucketsBack(chatId, ({ firstRev }) => firstRev <= since.rev + 1);
  const [current, oldest] = [buckets[0], buckets.at(-1)];
  if (current === undefined || oldest === undefined) return undefined;
  if (oldest.firstRev > since.rev + 1) return 'gone';
  const head = await log.head(chatId, current.bucket);
  if (head === undefined) throw new CassandraUnavailable(`chat ${chatId}: bucket ${current.bucket} has no head`);

  const found: (MessagePosted | StoredChange)[] = [];
  for (const { bucket } of buckets.toReversed()) {
    const [posts, changes] = await Promise.all([
      log.postsAfter(chatId, bucket, since.seq, limit),
      log.changesAfter(chatId, bucket, since.rev, limit),
    ]);
    found.push(...posts, ...changes);
    if (found.length >= limit) break;
  }
  const first = found.sort((a, b) => revOf(a) - revOf(b)).slice(0, limit);
  const entries = await Promise.all(first.map((one) => ('entry' in one ? annex.complete(chatId, one) : one)));
  return logPageOf(
    entries.filter((entry) => entry !== undefined),
    since,
    limit,
    head.nextRev,
  );
};

const revOf = (one: MessagePosted | StoredChange): number => ('entry' in one ? one.entry.rev : one.rev);
