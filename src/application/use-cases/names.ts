import type { UserId } from '../../domain/ids.ts';
import type { PersonalStore, Profile } from '../ports/personal-store.ts';
import type { UserDirectory } from '../ports/user-directory.ts';
import { orUnavailable } from './result.ts';

export type NamesDeps = { readonly personal: PersonalStore; readonly directory: UserDirectory };

/** Names and avatars of these users: as the auth service has pushed them, else as it answers, which is kept. A user nobody knows is
 *  called by their id. Rejects with DirectoryUnavailable when the service had to be asked and does not answer. */
export const namesOf =
  ({ personal, directory }: NamesDeps) =>
  async (userIds: readonly UserId[]): Promise<ReadonlyMap<UserId, Profile>> => {
    const known = await orUnavailable('STORAGE_UNAVAILABLE', () => personal.profiles(userIds));
    const names = new Map(known.map((profile) => [profile.userId, profile]));
    const missing = userIds.filter((id) => !names.has(id));
    if (missing.length > 0) {
      for (const profile of await directory.profiles(missing)) {
        names.set(profile.userId, profile);
        // Only so that nobody asks again: the answer does not depend on it.
        personal.putProfile(profile).catch(() => {});
      }
    }
    for (const userId of missing)
      if (!names.has(userId)) names.set(userId, { userId, username: userId, avatarUrl: '' });
    return names;
  };
