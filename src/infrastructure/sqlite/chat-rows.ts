import type { DatabaseSync } from 'node:sqlite';
import type { ChatKind } from '../../domain/chat/command.ts';
import type { Role } from '../../domain/chat/roster.ts';
import type { ChatId, UserId } from '../../domain/ids.ts';

export type ChatRow = {
  readonly kind: ChatKind;
  readonly title: string | null;
  readonly creator_id: UserId;
  readonly bucket: number;
  readonly next_seq: number;
  readonly next_rev: number;
};
export type MemberRow = { readonly user_id: UserId; readonly role: Role };

export const chatRows = (database: DatabaseSync) => {
  const selectChat = database.prepare(
    'SELECT kind, title, creator_id, bucket, next_seq, next_rev FROM chats WHERE chat_id = ?',
  );
  const selectMembers = database.prepare(
    'SELECT user_id, role FROM members WHERE chat_id = ? ORDER BY user_id <> ?, user_id',
  );
  return {
    chat: (chatId: ChatId) => selectChat.get(chatId) as ChatRow | undefined,
    /** The creator first, then in the order of their ids. */
    members: (chatId: ChatId, creatorId: UserId) => selectMembers.all(chatId, creatorId) as unknown as MemberRow[],
  };
};
