import type { ChatListRequest, ChatSummary } from '../../application/ports/chat-reader.ts';
import { type Micros, micros, rev, seq, type UserId } from '../../domain/ids.ts';
import { lastShown, lastShownFrom } from '../store-kit/last-shown.ts';
import { readUpTo, unreadCount } from '../store-kit/unread.ts';
import type { ChatRecord } from './chat-record.ts';
import type { MemoryDatabase } from './memory-database.ts';

/** A user's chats: the most recently active first, those of one moment in the order of their ids. */
export const chatsOf = (database: MemoryDatabase, { userId, limit, after }: ChatListRequest): ChatSummary[] =>
  [...database.chats.values()]
    .filter((chat) => chat.state.roster.has(userId))
    .map((chat) => ({ chat, activeAt: activeAt(chat, userId) }))
    .filter(
      ({ chat, activeAt }) =>
        after === undefined ||
        activeAt < after.activeAt ||
        (activeAt === after.activeAt && chat.state.id > after.chatId),
    )
    .sort((a, b) => b.activeAt - a.activeAt || (a.chat.id < b.chat.id ? -1 : 1))
    .slice(0, limit)
    .map(({ chat, activeAt }) => summary(database, chat, userId, activeAt));

const activeAt = ({ lastAt = micros(0), joinedAt }: ChatRecord, userId: UserId): Micros =>
  micros(Math.max(lastAt, joinedAt.get(userId)!));

const summary = (database: MemoryDatabase, chat: ChatRecord, userId: UserId, activeAt: Micros): ChatSummary => {
  const { id, kind, settings, roster, nextSeq, nextRev } = chat.state;
  const member = roster.get(userId)!;
  const lastSeq = nextSeq - 1;
  const marker = database.readMarker(id, userId);
  const upTo = readUpTo(marker, member, chat.state);
  const low = lastShownFrom(Math.max(member.fromSeq, chat.state.firstSeq), lastSeq);
  const hidden = [...chat.messages.keys()].filter((at) => chat.messages.get(at)!.hiddenFrom.has(userId));
  const shown = lastShown(low, lastSeq, new Set(hidden));
  const last = shown === undefined ? undefined : chat.messages.get(seq(shown));
  const deleted = [...chat.messages.values()].filter(({ state }) => state.seq > upTo && state.removed !== null);
  return {
    id,
    kind,
    settings,
    member,
    lastMessage: last === undefined ? null : chat.viewOf(last),
    lastSeq,
    rev: rev(nextRev - 1),
    activeAt,
    readSeq: marker.readSeq,
    unread: unreadCount(lastSeq, upTo, deleted.length),
  };
};
