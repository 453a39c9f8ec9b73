import type { Micros, Rev, Seq, UserId } from '../ids.ts';

export const roles = ['owner', 'admin', 'member', 'guest'] as const;
export type Role = (typeof roles)[number];

export type Member = {
  readonly role: Role;
  /** What came before is not shown to this member; 1 and 1 for those who see everything. */
  readonly fromSeq: Seq;
  readonly fromRev: Rev;
  readonly mutedUntil: Micros | null;
  /** They have deleted messages for themself. */
  readonly hides: boolean;
};

/** Who is in a chat: the creator first, then in the order of their ids. */
export type Roster = ReadonlyMap<UserId, Member>;
