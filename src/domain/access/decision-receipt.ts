import type { UserId } from '../ids.ts';

/** By which rules of which policy set something was decided. */
export type PolicyBasis = {
  /** Short hash of the policy set. */
  readonly policy: string;
  /** Ids of the rules that permitted it, or forbade it; none when nothing permits it. */
  readonly rules: readonly string[];
};

/** What is kept of the policy's word with an entry, for as long as the entry is. */
export type DecisionReceipt = PolicyBasis & {
  /** Roster and settings were those that the chat's log says up to this rev; 0 where there was no chat. */
  readonly rosterRev: number;
  /** Who acted for the sender, when the sender did not act. */
  readonly actedBy?: UserId;
};
