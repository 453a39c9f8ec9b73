import type { MessageView } from '../../application/ports/chat-reader.ts';
import type { OpenBucket } from '../../application/ports/chat-store.ts';
import type { ChatId } from '../../domain/ids.ts';
import type { ChatLog } from './chat-log.ts';

/** Messages low … high, oldest first, from as many buckets as they lie in. `newest`: buckets that are known already, newest first. */
export const messagesBetween = async (
  log: ChatLog,
  chatId: ChatId,
  low: number,
  high: number,
  newest: readonly OpenBucket[] = [],
): Promise<MessageView[]> => {
  if (low > high) return [];
  const reaches = ({ firstSeq }: OpenBucket) => firstSeq <= low;
  const known = newest.findIndex(reaches);
  const buckets = known >= 0 ? newest.slice(0, known + 1) : await log.bucketsBack(chatId, reaches);
  const reached = buckets.filter(({ firstSeq }) => firstSeq <= high);
  // Of those that begin at or before `low` only the newest can hold it; it is the last one of the walk.
  const parts = await Promise.all(reached.map(({ bucket }) => log.messages(chatId, bucket, low, high)));
  return parts.reverse().flat();
};
