import type { Micros, Rev, Seq, UserId } from '../ids.ts';

export const roles = ['owner', 'admin', 'member', 'guest'] as const;
export type Role = (typeof roles)[number];

export type Member = {
  readonly role: Role;
  /** What came before is not shown to this member; 1 and 1 for those who see everything. */
  readonly fromSeq: Seq;
  readonly fromRev: Rev;
  readonly mutedUntil: Micros | null;
  /** They have deleted messages for themself, or may have done so as a member before. */
  readonly hides: boolean;
};

/** Who is in a chat: the creator first, then in the order of their ids. */
export type Roster = ReadonlyMap<UserId, Member>;

/** Whoever comes to see what was posted before they came may have been in already, and have deleted some of it for themself. */
export const mayHide = ({ rev, fromRev }: { readonly rev: Rev; readonly fromRev: Rev }): boolean => fromRev < rev;

/** The order of a roster. */
export const inRosterOrder =
  (creatorId: UserId) =>
  (a: UserId, b: UserId): number => {
    if (a === b) return 0;
    if (a === creatorId) return -1;
    if (b === creatorId) return 1;
    return a < b ? -1 : 1;
  };
