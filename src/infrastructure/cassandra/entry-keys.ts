import type { EntryKey } from '../../application/ports/chat-store.ts';
import type { ChatId } from '../../domain/ids.ts';
import type { ChatLog } from './chat-log.ts';
import { CassandraUnavailable } from './failures.ts';

/** The keys of entries from … to, oldest first and without a gap, over as many buckets as they lie in. */
export const entryKeys = async (log: ChatLog, chatId: ChatId, from: number, to: number): Promise<EntryKey[]> => {
  const buckets = await log.bucketsBack(chatId, (bucket) => bucket.firstRev <= from);
  const found: EntryKey[] = [];
  let last = to;
  for (const bucket of buckets) {
    if (bucket.firstRev > last) continue;
    found.push(...(await log.keysInBucket(chatId, bucket, from, last)));
    last = bucket.firstRev - 1;
  }
  return dense(chatId, found, from, to);
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
