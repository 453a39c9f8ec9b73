import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { ReadMarker } from '../../application/ports/chat-reader.ts';
import type { PersonalStore, Profile } from '../../application/ports/personal-store.ts';
import type { ChatId, Seq, UserId } from '../../domain/ids.ts';

export class SqlitePersonalStore implements PersonalStore {
  readonly #markRead: StatementSync;
  readonly #markUnread: StatementSync;
  readonly #putProfile: StatementSync;
  readonly #removeProfile: StatementSync;
  readonly #emptyLog: StatementSync;
  readonly #profiles: StatementSync;

  constructor(database: DatabaseSync) {
    this.#markRead = database.prepare(
      `INSERT INTO read_markers VALUES (?, ?, ?, NULL) ON CONFLICT DO UPDATE SET
         read_seq = max(read_seq, excluded.read_seq),
         unread_from = iif(unread_from > excluded.read_seq, unread_from, NULL)`,
    );
    this.#markUnread = database.prepare(
      'INSERT INTO read_markers VALUES (?, ?, 0, ?) ON CONFLICT DO UPDATE SET unread_from = excluded.unread_from',
    );
    this.#putProfile = database.prepare('INSERT OR REPLACE INTO profiles VALUES (?, ?, ?)');
    this.#removeProfile = database.prepare('DELETE FROM profiles WHERE user_id = ?');
    this.#emptyLog = database.prepare('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#profiles = database.prepare(
      `SELECT user_id AS userId, username, avatar_url AS avatarUrl FROM profiles
       WHERE user_id IN (SELECT value FROM json_each(?))`,
    );
  }

  async markRead(chatId: ChatId, userId: UserId, upTo: Seq): Promise<void> {
    this.#markRead.run(chatId, userId, upTo);
  }

  async markUnread(chatId: ChatId, userId: UserId, from: Seq | null): Promise<void> {
    this.#markUnread.run(chatId, userId, from);
  }

  async putProfile({ userId, username, avatarUrl }: Profile): Promise<void> {
    this.#putProfile.run(userId, username, avatarUrl);
  }

  /** The write-ahead log is the one file with old pages in it: what is deleted in a page is overwritten (data-folder.ts). */
  async forget(userId: UserId): Promise<void> {
    this.#removeProfile.run(userId);
    this.#emptyLog.get();
  }

  async profiles(userIds: readonly UserId[]): Promise<readonly Profile[]> {
    const rows = this.#profiles.all(JSON.stringify(userIds)) as unknown as Profile[];
    return rows.map(({ userId, username, avatarUrl }) => ({ userId, username, avatarUrl }));
  }
}

export const readMarkerRows = (database: DatabaseSync) => {
  const select = database.prepare(
    'SELECT read_seq AS readSeq, unread_from AS unreadFrom FROM read_markers WHERE chat_id = ? AND user_id = ?',
  );
  return (chatId: ChatId, userId: UserId): ReadMarker => {
    const row = select.get(chatId, userId) as ReadMarker | undefined;
    return { readSeq: row?.readSeq ?? 0, unreadFrom: row?.unreadFrom ?? null };
  };
};
