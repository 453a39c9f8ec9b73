import type { ReadMarker } from '../../application/ports/chat-reader.ts';
import { type ChatId, seq, type UserId } from '../../domain/ids.ts';
import { type DataAccess, numberOf } from './data-access.ts';

export const readMarker = async (data: DataAccess, chatId: ChatId, userId: UserId): Promise<ReadMarker> => {
  const query = 'SELECT read_seq, unread_from FROM read_markers WHERE chat_id = ? AND user_id = ?';
  const row = await data.row(query, [chatId, userId]);
  const at = (value: unknown) => (value == null ? 0 : numberOf(value));
  const unreadFrom = at(row?.unread_from);
  return { readSeq: at(row?.read_seq), unreadFrom: unreadFrom === 0 ? null : seq(unreadFrom) };
};
