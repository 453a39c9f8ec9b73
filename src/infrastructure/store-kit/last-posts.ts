import { type ChatSettings, noPosts } from '../../domain/chat/chat-state.ts';
import type { Micros, UserId } from '../../domain/ids.ts';

/** How many of the newest posts say who has to wait in slow mode. */
export const postsForSlowMode = 100;

/** When each sender posted last, as far as it may matter for slow mode. `posts`: the newest ones, newest first. */
export const lastPostsOf = (
  { slowModeMs }: ChatSettings,
  posts: readonly { readonly senderId: UserId; readonly at: Micros }[],
): ReadonlyMap<UserId, Micros> => {
  const newest = posts[0]?.at;
  if (slowModeMs === 0 || newest === undefined) return noPosts;
  const last = new Map<UserId, Micros>();
  for (const { senderId, at } of posts)
    if (at > newest - slowModeMs * 1000 && !last.has(senderId)) last.set(senderId, at);
  return last;
};
