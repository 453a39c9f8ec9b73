import type { UserId } from '../../domain/ids.ts';
import type { Profile } from './personal-store.ts';

/** Names and avatars of users. Resolves with those that are known; rejects with `DirectoryUnavailable` when it cannot be asked. */
export type UserDirectory = { profiles(userIds: readonly UserId[]): Promise<readonly Profile[]> };

export class DirectoryUnavailable extends Error {
  override readonly name = 'DirectoryUnavailable';
}
