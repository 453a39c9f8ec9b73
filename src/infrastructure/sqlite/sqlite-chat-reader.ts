import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ChatReader, ChatView, MessagePage, PageRequest, Standing } from '../../application/ports/chat-reader.ts';
import type { ChatKind } from '../../domain/chat/command.ts';
import type { Role } from '../../domain/chat/roster.ts';
import { type ChatId, rev, type ShardNumber, type UserId } from '../../domain/ids.ts';
import { pageOf, pageWindow } from '../memory/page-window.ts';
import { chatRows } from './chat-rows.ts';
import { postColumns, postOf } from './entry-rows.ts';

export class SqliteChatReader implements ChatReader {
  readonly #rows: ReturnType<typeof chatRows>;
  readonly #standing: StatementSync;
  readonly #range: StatementSync;
  readonly #page: StatementSync;
  readonly #home: StatementSync;
  readonly #ping: StatementSync;

  constructor(database: DatabaseSync) {
    this.#rows = chatRows(database);
    this.#standing = database.prepare(
      `SELECT kind, role FROM chats LEFT JOIN members ON members.chat_id = chats.chat_id AND user_id = ?
       WHERE chats.chat_id = ?`,
    );
    this.#range = database.prepare(
      `SELECT next_seq - 1 AS last, (SELECT min(seq) FROM messages WHERE chat_id = chats.chat_id) AS first
       FROM chats WHERE chat_id = ?`,
    );
    this.#page = database.prepare(
      `SELECT ${postColumns} FROM messages WHERE chat_id = ? AND seq BETWEEN ? AND ? ORDER BY seq`,
    );
    this.#home = database.prepare('SELECT shard FROM chat_homes WHERE chat_id = ?');
    this.#ping = database.prepare('SELECT value FROM meta LIMIT 1');
  }

  async chat(chatId: ChatId): Promise<ChatView | undefined> {
    const row = this.#rows.chat(chatId);
    if (row === undefined) return undefined;
    const members = this.#rows.members(chatId, row.creator_id);
    return {
      id: chatId,
      kind: row.kind,
      title: row.title,
      members: members.map(({ user_id, role }) => ({ userId: user_id, role })),
      lastSeq: row.next_seq - 1,
      rev: rev(row.next_rev - 1),
    };
  }

  async standing(chatId: ChatId, userId: UserId): Promise<Standing | undefined> {
    const row = this.#standing.get(userId, chatId) as { kind: ChatKind; role: Role | null } | undefined;
    return row && { kind: row.kind, role: row.role ?? undefined };
  }

  async page(request: PageRequest): Promise<MessagePage | undefined> {
    const { chatId } = request;
    const row = this.#range.get(chatId) as { first: number | null; last: number } | undefined;
    if (row === undefined) return undefined;
    const range = { firstSeq: row.first ?? 0, lastSeq: row.last };
    const window = pageWindow(request, range);
    const found = this.#page.all(chatId, window.low, window.high).map((found) => postOf(chatId, found));
    return pageOf(found, window, range);
  }

  async home(chatId: ChatId): Promise<ShardNumber | undefined> {
    return this.#home.get(chatId)?.shard as ShardNumber | undefined;
  }

  async ping(): Promise<void> {
    this.#ping.get();
  }
}
