import type { PersonalStore, Profile } from '../../application/ports/personal-store.ts';
import { type ChatId, type Seq, type UserId, userId } from '../../domain/ids.ts';
import { type DataAccess, numberOf } from './data-access.ts';

const queries = {
  // The seq is the time of the write: a lower one, however late, changes nothing.
  readSeq: 'INSERT INTO read_markers (chat_id, user_id, read_seq) VALUES (?, ?, ?) USING TIMESTAMP ?',
  unreadFrom: 'INSERT INTO read_markers (chat_id, user_id, unread_from) VALUES (?, ?, ?)',
  mark: 'SELECT unread_from, WRITETIME(unread_from) AS marked_at FROM read_markers WHERE chat_id = ? AND user_id = ?',
  // The moment after the mark that was seen: one that is made meanwhile is later, and stays.
  unmark: 'INSERT INTO read_markers (chat_id, user_id, unread_from) VALUES (?, ?, 0) USING TIMESTAMP ?',
  putProfile: 'INSERT INTO profiles (user_id, username, avatar_url) VALUES (?, ?, ?)',
  removeProfile: 'DELETE FROM profiles WHERE user_id = ?',
  profile: 'SELECT user_id, username, avatar_url FROM profiles WHERE user_id = ?',
} as const;

type Access = Pick<DataAccess, 'put' | 'row' | 'rows'>;

/** Plain writes by whoever is asked, of which the latest counts; no entries, and no part of the journal. */
export class CassandraPersonalStore implements PersonalStore {
  readonly #data: Access;

  constructor(data: Access) {
    this.#data = data;
  }

  async markRead(chatId: ChatId, userId: UserId, upTo: Seq): Promise<void> {
    // A timestamp of 0 would be none.
    if (upTo > 0) await this.#data.put({ query: queries.readSeq, params: [chatId, userId, upTo, upTo] });
    const mark = await this.#data.row(queries.mark, [chatId, userId]);
    if (mark === undefined || mark.unread_from === null) return;
    const from = numberOf(mark.unread_from);
    if (from > 0 && from <= upTo)
      await this.#data.put({ query: queries.unmark, params: [chatId, userId, mark.marked_at.add(1)] });
  }

  markUnread(chatId: ChatId, userId: UserId, from: Seq | null): Promise<void> {
    return this.#data.put({ query: queries.unreadFrom, params: [chatId, userId, from ?? 0] });
  }

  putProfile({ userId, username, avatarUrl }: Profile): Promise<void> {
    return this.#data.put({ query: queries.putProfile, params: [userId, username, avatarUrl] });
  }

  /** Blank cells take the place of erased ones when their files are compacted: that is the server's to do. */
  forget(userId: UserId): Promise<void> {
    return this.#data.put({ query: queries.removeProfile, params: [userId] });
  }

  async profiles(userIds: readonly UserId[]): Promise<readonly Profile[]> {
    const rows = await Promise.all([...new Set(userIds)].map((id) => this.#data.row(queries.profile, [id])));
    return rows
      .filter((row) => row !== undefined)
      .map((row) => ({ userId: userId(row.user_id), username: row.username, avatarUrl: row.avatar_url }));
  }
}
