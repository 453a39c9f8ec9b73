import type { PersonalStore, Profile } from '../../application/ports/personal-store.ts';
import type { ChatId, Seq, UserId } from '../../domain/ids.ts';
import type { MemoryDatabase } from './memory-database.ts';

export class MemoryPersonalStore implements PersonalStore {
  readonly #database: MemoryDatabase;

  constructor(database: MemoryDatabase) {
    this.#database = database;
  }

  async markRead(chatId: ChatId, userId: UserId, upTo: Seq): Promise<void> {
    const { readSeq, unreadFrom } = this.#database.readMarker(chatId, userId);
    this.#database.putReadMarker(chatId, userId, {
      readSeq: Math.max(readSeq, upTo),
      unreadFrom: unreadFrom !== null && unreadFrom > upTo ? unreadFrom : null,
    });
  }

  async markUnread(chatId: ChatId, userId: UserId, from: Seq | null): Promise<void> {
    const { readSeq } = this.#database.readMarker(chatId, userId);
    this.#database.putReadMarker(chatId, userId, { readSeq, unreadFrom: from });
  }

  async putProfile(profile: Profile): Promise<void> {
    this.#database.profiles.set(profile.userId, profile);
  }

  async forget(userId: UserId): Promise<void> {
    this.#database.profiles.delete(userId);
  }

  async profiles(userIds: readonly UserId[]): Promise<readonly Profile[]> {
    const known = [...new Set(userIds)].map((id) => this.#database.profiles.get(id));
    return known.filter((profile) => profile !== undefined);
  }
}
