import type { DatabaseSync } from 'node:sqlite';
import type { ChatListRequest, ChatSummary, MessageView } from '../../application/ports/chat-reader.ts';
import type { Member } from '../../domain/chat/roster.ts';
import { type ChatId, type Micros, rev, type Seq, seq, type UserId } from '../../domain/ids.ts';
import { lastShown, lastShownFrom } from '../store-kit/last-shown.ts';
import { readUpTo, unreadCount } from '../store-kit/unread.ts';
import { type ChatRow, type MemberRow, memberColumns, memberOf, settingsOf } from './chat-rows.ts';
import type { messageRows } from './message-rows.ts';

type ListRow = Pick<ChatRow, 'kind' | 'settings' | 'next_seq' | 'next_rev' | 'first_seq'> &
  Omit<MemberRow, 'user_id'> & {
    readonly chat_id: ChatId;
    readonly active_at: Micros;
    readonly read_seq: number | null;
    readonly unread_from: Seq | null;
  };

/** A user's chats: the most recently active first, those of one moment in the order of their ids. They are sorted when they are asked
 *  for, since an order that is kept would be one more write for each member and post. */
export const chatListRows = (database: DatabaseSync, messages: ReturnType<typeof messageRows>) => {
  const select = database.prepare(
    `SELECT chat_id, kind, settings, next_seq, next_rev, first_seq, ${memberColumns}, read_seq, unread_from,
       max(coalesce(last_at, 0), joined_at) AS active_at
     FROM members JOIN chats USING (chat_id) LEFT JOIN read_markers USING (chat_id, user_id)
     WHERE user_id = :user
       AND (:at IS NULL OR (max(coalesce(last_at, 0), joined_at), :chat) < (:at, chat_id))
     ORDER BY active_at DESC, chat_id LIMIT :limit`,
  );
  const countRemoved = database.prepare('SELECT count(*) AS count FROM removed_messages WHERE chat_id = ? AND seq > ?');

  const lastMessage = (row: ListRow, member: Member, userId: UserId): MessageView | null => {
    const lastSeq = row.next_seq - 1;
    const low = lastShownFrom(Math.max(member.fromSeq, row.first_seq), lastSeq);
    const hidden = member.hides ? messages.hidden(row.chat_id, userId, seq(low), seq(lastSeq)) : new Set<Seq>();
    const shown = lastShown(low, lastSeq, hidden);
    return (shown !== undefined && messages.message(row.chat_id, seq(shown))) || null;
  };
  const summary = (row: ListRow, userId: UserId): ChatSummary => {
    const member = memberOf(row);
    const lastSeq = row.next_seq - 1;
    const marker = { readSeq: row.read_seq ?? 0, unreadFrom: row.unread_from };
    const upTo = readUpTo(marker, member, { firstSeq: row.first_seq });
    const { count } = countRemoved.get(row.chat_id, upTo) as { count: number };
    return {
      id: row.chat_id,
      kind: row.kind,
      settings: settingsOf(row),
      member,
      lastMessage: lastMessage(row, member, userId),
      lastSeq,
      rev: rev(row.next_rev - 1),
      activeAt: row.active_at,
      readSeq: marker.readSeq,
      unread: unreadCount(lastSeq, upTo, count),
    };
  };

  return ({ userId, limit, after }: ChatListRequest): ChatSummary[] => {
    const start = { at: after?.activeAt ?? null, chat: after?.chatId ?? '' };
    return (select.all({ user: userId, limit, ...start }) as unknown as ListRow[]).map((row) => summary(row, userId));
  };
};
