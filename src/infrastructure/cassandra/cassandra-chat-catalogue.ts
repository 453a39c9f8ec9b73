import cassandra from 'cassandra-driver';
import type { CatalogueEntry, CataloguePosition, ChatCatalogue } from '../../application/ports/chat-catalogue.ts';
import { chatId, shardNumber, type UserId } from '../../domain/ids.ts';
import type { DataAccess } from './data-access.ts';

const columns = 'chat_id, shard, token(chat_id) AS position';
const queries = {
  first: `SELECT ${columns} FROM chat_homes LIMIT ?`,
  next: `SELECT ${columns} FROM chat_homes WHERE token(chat_id) > ? LIMIT ?`,
  ever: 'SELECT chat_id FROM chats_ever_by_user WHERE user_id = ? AND chat_id > ? LIMIT ?',
  now: 'SELECT chat_id FROM chats_by_user WHERE user_id = ? AND chat_id > ? LIMIT ?',
} as const;

/** All chats in the order of their tokens, as the nodes have them: a position is a token. Of 10 million chats two have the same one with
 *  a probability of 1 to 370,000. A user's chats in the order of ids. */
export class CassandraChatCatalogue implements ChatCatalogue {
  readonly #data: DataAccess;

  constructor(data: DataAccess) {
    this.#data = data;
  }

  async chats(after: CataloguePosition | undefined, limit: number): Promise<readonly CatalogueEntry[]> {
    const rows =
      after === undefined
        ? await this.#data.rows(queries.first, [limit])
        : await this.#data.rows(queries.next, [cassandra.types.Long.fromString(after), limit]);
    return rows.map((row) => ({
      chatId: chatId(row.chat_id),
      home: shardNumber(row.shard),
      position: String(row.position),
    }));
  }

  /** Members of before there was an index are found in their list of chats, as long as they are in. */
  async chatsEverOf(userId: UserId, after: CataloguePosition = '', limit: number) {
    const pages = await Promise.all(
      [queries.ever, queries.now].map((query) => this.#data.rows(query, [userId, after, limit])),
    );
    const ids = new Set(pages.flat().map((row) => row.chat_id as string));
    return [...ids]
      .sort()
      .slice(0, limit)
      .map((id) => ({ chatId: chatId(id), position: id }));
  }
}
