import type { ChatId, Seq, UserId } from '../../domain/ids.ts';

/** How a user is called and looks, as the auth service has told. */
export type Profile = { readonly userId: UserId; readonly username: string; readonly avatarUrl: string };

/** What belongs to one user and is no entry of any chat: written by whoever serves the request, seen by all instances at once. */
export type PersonalStore = {
  /** Never moves back: the greatest seq wins, whatever the order. An explicit mark-unread above it stays. */
  markRead(chatId: ChatId, userId: UserId, upTo: Seq): Promise<void>;
  /** Everything from `from` on counts as unread until it is read again; null takes the mark away. */
  markUnread(chatId: ChatId, userId: UserId, from: Seq | null): Promise<void>;
  putProfile(profile: Profile): Promise<void>;
  /** Takes away the profile. What was erased of chats before the call is gone, once it resolves, from every place that the store can
   *  clear cheaply, and not only from sight. */
  forget(userId: UserId): Promise<void>;
  /** Those that are known. */
  profiles(userIds: readonly UserId[]): Promise<readonly Profile[]>;
};
