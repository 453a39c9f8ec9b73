import type { UserId } from '../ids.ts';

export type Role = 'owner' | 'admin' | 'member' | 'guest';

/** Who is in a chat, and as what. */
export type Roster = ReadonlyMap<UserId, Role>;
