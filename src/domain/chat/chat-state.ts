import type { ChatId, Rev, Seq } from '../ids.ts';
import type { ChatKind } from './command.ts';
import type { Roster } from './roster.ts';

/** What decisions are made from: settings, roster and head of one chat. `undefined` stands for a chat that does not exist. */
export type ChatState = {
  readonly id: ChatId;
  readonly kind: ChatKind;
  readonly title: string | null;
  readonly roster: Roster;
  readonly nextSeq: Seq;
  readonly nextRev: Rev;
};
