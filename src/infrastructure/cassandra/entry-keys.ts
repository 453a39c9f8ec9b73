import type { EntryKey } from '../../application/ports/chat-store.ts';
import { type ChatId, type Rev, rev } from '../../domain/ids.ts';
import { filledUp } from '../store-kit/key-blocks.ts';
import type { ChatLog } from './chat-log.ts';
import { CassandraUnavailable } from './failures.ts';
import type { KeyRows } from './key-rows.ts';

/** The keys of entries from … to, oldest first and without a gap, over as many buckets as they lie in; filled up below what is kept. */
export const entryKeys = async (
  log: ChatLog,
  keys: KeyRows,
  chatId: ChatId,
  from: Rev,
  to: number,
): Promise<EntryKey[]> => {
  const buckets = await log.bucketsBack(chatId, (bucket) => bucket.firstRev <= from);
  const found: EntryKey[] = [];
  let last = to;
  for (const bucket of buckets) {
    if (bucket.firstRev > last) continue;
    found.push(...(await keys.between(chatId, bucket, from, last)));
    last = bucket.firstRev - 1;
  }
  const firstKept = Math.max(from, Math.min(buckets.at(-1)?.firstRev ?? from, to + 1));
  return filledUp(dense(chatId, found, firstKept, to), from, rev(to + 1));
};

/** Throws when one of from … to is missing. Not yet a sign of corruption: a reader that has lost its session without knowing may see
 *  the next owner's work half done (ADR-002). */
export const dense = (chatId: ChatId, keys: readonly EntryKey[], from: number, to: number): EntryKey[] => {
  const wanted = keys.filter((key) => key.rev >= from && key.rev <= to).sort((a, b) => a.rev - b.rev);
  const hole = wanted.findIndex((key, index) => key.rev !== from + index);
  if (hole >= 0 || wanted.length !== to - from + 1) {
    throw new CassandraUnavailable(`chat ${chatId}: an entry between ${from} and ${to} cannot be read`);
  }
  return wanted;
};
