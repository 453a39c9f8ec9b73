import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { CatalogueEntry, CataloguePosition, ChatCatalogue } from '../../application/ports/chat-catalogue.ts';
import { type ChatId, shardNumber, type UserId } from '../../domain/ids.ts';

/** In the order of ids; a position is an id. */
export class SqliteChatCatalogue implements ChatCatalogue {
  readonly #chats: StatementSync;
  readonly #chatsEverOf: StatementSync;

  constructor(database: DatabaseSync) {
    this.#chats = database.prepare('SELECT chat_id, shard FROM chat_homes WHERE chat_id > ? ORDER BY chat_id LIMIT ?');
    this.#chatsEverOf = database.prepare(
      'SELECT chat_id FROM chats_ever_by_user WHERE user_id = ? AND chat_id > ? ORDER BY chat_id LIMIT ?',
    );
  }

  async chats(after: CataloguePosition = '', limit: number): Promise<readonly CatalogueEntry[]> {
    return this.#chats.all(after, limit).map((row) => ({
      chatId: row.chat_id as ChatId,
      home: shardNumber(row.shard as number),
      position: row.chat_id as string,
    }));
  }

  async chatsEverOf(userId: UserId, after: CataloguePosition = '', limit: number) {
    return this.#chatsEverOf
      .all(userId, after, limit)
      .map((row) => ({ chatId: row.chat_id as ChatId, position: row.chat_id as string }));
  }
}
