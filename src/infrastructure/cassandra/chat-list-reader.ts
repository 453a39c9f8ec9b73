import type { ChatListRequest, ChatSummary, MessageView } from '../../application/ports/chat-reader.ts';
import { type ChatId, chatId, type Micros, micros, rev, type Seq, seq, type UserId } from '../../domain/ids.ts';
import { lastShown, lastShownFrom } from '../store-kit/last-shown.ts';
import { readUpTo, unreadCount } from '../store-kit/unread.ts';
import type { Head } from './chat-log.ts';
import type { ChatTables } from './chat-tables.ts';
import type { Row } from './client.ts';
import { type DataAccess, numberOf } from './data-access.ts';
import { CassandraUnavailable } from './failures.ts';
import { messagesBetween } from './messages-between.ts';
import { readMarker } from './read-markers.ts';

type Line = { readonly chatId: ChatId; readonly activeAt: Micros };

/** A user's chats, the most recently active first, those of one moment in the order of their ids. One read of the user's partition puts
 *  them in order; only the page's own chats are looked at. */
export const readChatList = async (
  tables: ChatTables,
  data: DataAccess,
  { userId, limit, after }: ChatListRequest,
): Promise<readonly ChatSummary[]> => {
  const query = 'SELECT chat_id, joined_at, active_at, large FROM chats_by_user WHERE user_id = ?';
  const rows = (await data.rows(query, [userId])).filter((row) => row.joined_at !== null);
  const lines = await Promise.all(rows.map((row) => lineOf(tables, row)));
  const wanted = lines.filter((line) => after === undefined || inOrder(after, line) < 0).sort(inOrder);
  const found: ChatSummary[] = [];
  while (found.length < limit && wanted.length > 0) {
    const next = wanted.splice(0, limit - found.length);
    const summaries = await Promise.all(next.map((line) => summaryOf(tables, data, line, userId)));
    // A chat may just be coming into being, or the user leaving it.
    found.push(...summaries.filter((summary) => summary !== undefined));
  }
  return found;
};

const inOrder = (a: Line, b: Line): number =>
  b.activeAt - a.activeAt || (a.chatId < b.chatId ? -1 : a.chatId > b.chatId ? 1 : 0);

const lineOf = async (tables: ChatTables, row: Row): Promise<Line> => {
  const id = chatId(row.chat_id);
  const joinedAt = numberOf(row.joined_at);
  const activeAt = row.active_at === null ? 0 : numberOf(row.active_at);
  const postedAt = row.large ? await lastPostedAt(tables, id) : 0;
  return { chatId: id, activeAt: micros(Math.max(joinedAt, activeAt, postedAt)) };
};

/** Of a large chat: its activity is not written into its members' lists. */
const lastPostedAt = async ({ log, roster }: ChatTables, id: ChatId): Promise<number> => {
  const facts = await roster.facts(id);
  const newest = facts && (await log.newest(id, facts.currentBucket, 1));
  const last = newest && (await messageAt(log, id, newest, newest.head.nextSeq - 1));
  return last?.post.at ?? 0;
};

/** The newest bucket may not have it: a change has opened it, or it is older. */
const messageAt = async (
  log: ChatTables['log'],
  id: ChatId,
  { messages }: { messages: readonly MessageView[] },
  at: number,
): Promise<MessageView | undefined> =>
  messages.find((message) => message.seq === at) ?? (await messagesBetween(log, id, Math.max(1, at), at))[0];

const summaryOf = async (
  tables: ChatTables,
  data: DataAccess,
  { chatId: id, activeAt }: Line,
  userId: UserId,
): Promise<ChatSummary | undefined> => {
  const { log, roster, annex } = tables;
  const [standing, marker] = await Promise.all([roster.standing(id, userId), readMarker(data, id, userId)]);
  if (standing?.member === undefined) return undefined;
  const { facts, member } = standing;
  const newest = await log.newest(id, facts.currentBucket, 1);
  if (newest === undefined) throw new CassandraUnavailable(`chat ${id}: bucket ${facts.currentBucket} has no head`);
  const { head } = newest;
  const lastSeq = head.nextSeq - 1;
  const low = lastShownFrom(Math.max(member.fromSeq, facts.firstSeq), lastSeq);
  const hidden = member.hides ? await annex.hidden(id, userId, seq(low), seq(lastSeq)) : new Set<Seq>();
  const shown = lastShown(low, lastSeq, hidden);
  return {
    id,
    kind: facts.kind,
    settings: facts.settings,
    member,
    lastMessage: shown === undefined ? null : ((await messageAt(log, id, newest, shown)) ?? null),
    lastSeq,
    rev: rev(head.nextRev - 1),
    activeAt,
    readSeq: marker.readSeq,
    unread: await unread(tables, id, head, readUpTo(marker, member, facts)),
  };
};

const unread = async ({ annex }: ChatTables, id: ChatId, head: Head, upTo: number): Promise<number> => {
  const lastSeq = head.nextSeq - 1;
  if (upTo >= lastSeq) return 0;
  return unreadCount(lastSeq, upTo, await annex.deletedAbove(id, upTo, head));
};
