import type { CatalogueEntry, CataloguePosition, ChatCatalogue } from '../../application/ports/chat-catalogue.ts';
import type { ChatId, UserId } from '../../domain/ids.ts';
import type { MemoryDatabase } from './memory-database.ts';

/** In the order of ids; a position is an id. */
export class MemoryChatCatalogue implements ChatCatalogue {
  readonly #database: MemoryDatabase;

  constructor(database: MemoryDatabase) {
    this.#database = database;
  }

  async chats(after: CataloguePosition | undefined, limit: number): Promise<readonly CatalogueEntry[]> {
    const { homes } = this.#database;
    return page(homes.keys(), after, limit).map((chatId) => ({
      chatId,
      home: homes.get(chatId)!,
      position: chatId,
    }));
  }

  async chatsEverOf(userId: UserId, after: CataloguePosition | undefined, limit: number) {
    const theirs = [...this.#database.chats.values()].filter(({ joinedAt }) => joinedAt.has(userId));
    const ids = theirs.map(({ id }) => id);
    return page(ids, after, limit).map((chatId) => ({ chatId, position: chatId }));
  }
}

const page = (ids: Iterable<ChatId>, after: CataloguePosition = '', limit: number): ChatId[] =>
  [...ids]
    .filter((id) => id > after)
    .sort()
    .slice(0, limit);
