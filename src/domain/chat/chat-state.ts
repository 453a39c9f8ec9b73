import type { ChatId, Micros, Rev, Seq, UserId } from '../ids.ts';
import type { Roster } from './roster.ts';

export type ChatKind = 'direct' | 'group';

/** What new members see: only what is posted while they are in, or everything that is kept. */
export type HistoryRule = 'joined' | 'full';

export type ChatSettings = {
  readonly title: string | null;
  /** Nobody but owners and admins writes (the policy says so). */
  readonly closed: boolean;
  /** A member waits this long between two posts; 0 = no slow mode. */
  readonly slowModeMs: number;
  readonly history: HistoryRule;
  /** Messages are dropped after so many days, bucket by bucket; null = the service's default. */
  readonly retentionDays: number | null;
};

export const defaultSettings: ChatSettings = {
  title: null,
  closed: false,
  slowModeMs: 0,
  history: 'joined',
  retentionDays: null,
};

/** What decisions are made from: settings, roster and head of one chat. `undefined` stands for a chat that does not exist. */
export type ChatState = {
  readonly id: ChatId;
  readonly kind: ChatKind;
  /** Comes first in the roster, as long as they are in it. */
  readonly creatorId: UserId;
  readonly settings: ChatSettings;
  readonly roster: Roster;
  readonly nextSeq: Seq;
  readonly nextRev: Rev;
  /** What came before is not kept any more (retention). */
  readonly firstSeq: Seq;
  readonly firstRev: Rev;
  /** True once the chat has had more members than an event lists: its activity is not written into its members' lists. */
  readonly large: boolean;
  /** In slow mode: when each member posted last, as far as it matters. */
  readonly lastPostAt: ReadonlyMap<UserId, Micros>;
};

/** Of a chat that is not in slow mode: one for all of them. */
export const noPosts: ChatState['lastPostAt'] = new Map();
