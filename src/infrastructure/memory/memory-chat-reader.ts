import type { ChatReader, ChatView, MessagePage, PageRequest, Standing } from '../../application/ports/chat-reader.ts';
import { type ChatId, rev, type ShardNumber, type UserId } from '../../domain/ids.ts';
import { inRosterOrder, type MemoryDatabase } from './memory-database.ts';
import { pageOf, pageWindow } from './page-window.ts';

export class MemoryChatReader implements ChatReader {
  readonly #database: MemoryDatabase;

  constructor(database: MemoryDatabase) {
    this.#database = database;
  }

  async chat(chatId: ChatId): Promise<ChatView | undefined> {
    const chat = this.#database.chats.get(chatId);
    if (chat === undefined) return undefined;
    const { id, kind, title, roster, nextSeq, nextRev } = chat.state;
    const members = Array.from(inRosterOrder(roster, chat.creatorId), ([userId, role]) => ({ userId, role }));
    return { id, kind, title, members, lastSeq: nextSeq - 1, rev: rev(nextRev - 1) };
  }

  async standing(chatId: ChatId, userId: UserId): Promise<Standing | undefined> {
    const chat = this.#database.chats.get(chatId);
    return chat && { kind: chat.state.kind, role: chat.state.roster.get(userId) };
  }

  async page(request: PageRequest): Promise<MessagePage | undefined> {
    const chat = this.#database.chats.get(request.chatId);
    if (chat === undefined) return undefined;
    const { posts } = chat;
    const range = { firstSeq: posts.length === 0 ? 0 : 1, lastSeq: posts.length };
    const window = pageWindow(request, range);
    return pageOf(posts.slice(window.low - 1, Math.max(window.low - 1, window.high)), window, range);
  }

  async home(chatId: ChatId): Promise<ShardNumber | undefined> {
    return this.#database.homes.get(chatId);
  }

  async ping(): Promise<void> {}
}
