import type { AccessDecision } from '../access/access-request.ts';
import type { DecisionReceipt } from '../access/decision-receipt.ts';
import { type Micros, type Rev, rev, type Seq, type UserId } from '../ids.ts';
import { formatMicros } from '../time.ts';
import type { ChatState } from './chat-state.ts';
import { type Command, maxListedRecipients } from './command.ts';
import type { Entry } from './entry.ts';
import type { Target } from './message-state.ts';
import type { RejectCode } from './rejection.ts';
import type { Roster } from './roster.ts';

export type Verdict =
  | { readonly kind: 'accepted'; readonly entries: readonly Entry[] }
  | {
      readonly kind: 'rejected';
      readonly rejection: { readonly code: RejectCode; readonly reason: string; readonly retryAfterMs?: number };
    }
  /** Asked for something that is there already: its first entry answers. */
  | { readonly kind: 'exists' };

/** What a command is judged by, besides the chat. */
export type Grounds = {
  /** The policy's word, on this very state of the chat. */
  readonly access: AccessDecision;
  /** What is kept of it with the entries. */
  readonly receipt?: DecisionReceipt | undefined;
  readonly at: Micros;
  /** The messages the command is about, as far as they exist. */
  readonly targets: ReadonlyMap<Seq, Target>;
};

export const accepted = (entry: Entry): Verdict => ({ kind: 'accepted', entries: [entry] });

export const rejected = (code: RejectCode, reason: string, retryAfterMs?: number): Verdict => ({
  kind: 'rejected',
  rejection: { code, reason, ...(retryAfterMs !== undefined && { retryAfterMs }) },
});

/** What every entry that follows from a command has. */
export const entryBase = (
  command: Command,
  { at, receipt }: Pick<Grounds, 'at' | 'receipt'>,
  next: Rev,
  recipients: readonly UserId[] | null,
): Pick<
  Entry,
  'chatId' | 'rev' | 'senderId' | 'clientMessageId' | 'fingerprint' | 'sentAt' | 'at' | 'recipients' | 'receipt'
> => ({
  chatId: command.chatId,
  rev: rev(next),
  senderId: command.senderId,
  clientMessageId: command.clientMessageId,
  fingerprint: command.fingerprint,
  sentAt: command.sentAt ?? formatMicros(at),
  at,
  recipients,
  receipt,
});

export const listRecipients = (ids: readonly UserId[]): readonly UserId[] | null =>
  ids.length <= maxListedRecipients ? ids : null;

/** One list per roster, however many entries name it. */
const recipientLists = new WeakMap<Roster, readonly UserId[] | null>();

export const recipientsOf = ({ roster }: ChatState): readonly UserId[] | null => {
  let list = recipientLists.get(roster);
  if (list === undefined) {
    list = roster.size <= maxListedRecipients ? [...roster.keys()] : null;
    recipientLists.set(roster, list);
  }
  return list;
};
