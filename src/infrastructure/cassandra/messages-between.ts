import type { MessageView } from '../../application/ports/chat-reader.ts';
import type { OpenBucket } from '../../application/ports/chat-store.ts';
import type { ChatId } from '../../domain/ids.ts';
import type { ChatLog } from './chat-log.ts';

/** Messages low … high, oldest first, from as many buckets as they lie in. */
export const messagesBetween = async (
  log: ChatLog,
  chatId: ChatId,
  low: number,
  high: number,
): Promise<MessageView[]> => {
  if (low > high) return [];
  const buckets = await log.bucketsBack(chatId, ({ firstSeq }) => firstSeq <= low);
  return messagesOf(
    log,
    chatId,
    low,
    high,
    buckets.filter(({ firstSeq }) => firstSeq <= high),
  );
};

/** The same, from buckets that are known: newest first, and of those that begin at or before `low` only the newest. */
export const messagesOf = async (
  log: ChatLog,
  chatId: ChatId,
  low: number,
  high: number,
  buckets: readonly OpenBucket[],
): Promise<MessageView[]> => {
  const parts = await Promise.all(buckets.map(({ bucket }) => log.messages(chatId, bucket, low, high)));
  return parts.reverse().flat();
};
