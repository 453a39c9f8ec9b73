import type { DecisionReceipt } from '../domain/access/decision-receipt.ts';
import type { Command } from '../domain/chat/command.ts';
import type { Entry } from '../domain/chat/entry.ts';
import type { Rejection } from '../domain/chat/rejection.ts';
import type { ChatId, ClientMessageId, Micros, Rev, Seq, ShardNumber, UserId } from '../domain/ids.ts';

/** A command that had no effect: everything its event says. */
export type RejectedCommand = Rejection & {
  readonly type: 'message.rejected' | 'command.rejected';
  readonly chatId: ChatId;
  readonly senderId: UserId;
  readonly clientMessageId: ClientMessageId;
  readonly fingerprint: string;
  readonly sentAt: string;
  readonly at: Micros;
  /** Of a rejected message, as it came; null for other commands. */
  readonly body: string | null;
  readonly recipientId: UserId | null;
  /** The policy's word, where it was asked. */
  readonly receipt?: DecisionReceipt;
};

/** Where a message lies that an entry is about. */
export type TargetPlace = {
  readonly seq: Seq;
  readonly bucket: number;
  /** Before the entry. */
  readonly version: number;
};

/** Where an accepted decision goes in the chat's log. Decided in the turn, so that replay reads nothing else. */
export type Placement = {
  readonly bucket: number;
  /** The head after this decision. */
  readonly nextSeq: Seq;
  readonly nextRev: Rev;
  /** Set when the lists of its members are told of this post: they are told once in a while, not of every post. */
  readonly activeAt: Micros | null;
  /** Set on the decision that opens the bucket. */
  readonly opens: { readonly firstSeq: Seq; readonly firstRev: Rev; readonly startedAt: Micros } | null;
  /** Set on the decision that completes a block of 64 entries: the keys of the block (key-log.ts), in base64. */
  readonly keys: { readonly firstRev: Rev; readonly blob: string } | null;
  /** Of edits, deletions, erasures and reactions: the messages they are about. Null for other entries. */
  readonly targets: readonly TargetPlace[] | null;
  /** The chat's activity is not written into its members' lists (any more). */
  readonly large: boolean;
  /** Set when old buckets are dropped: the first one that was kept until now. */
  readonly dropsFrom: number | null;
};

export type Outcome =
  | { readonly kind: 'accepted'; readonly entries: readonly Entry[]; readonly placement: Placement }
  | { readonly kind: 'rejected'; readonly rejected: RejectedCommand };

/** What a turn made of one command. Plain JSON: it is what the journal holds (ADR-002). */
export type Decision = {
  /** Version of this form; version N writes what N − 1 can read. */
  readonly v: 1;
  readonly chatId: ChatId;
  /** (shard, epoch, n) is the logical time of every write that follows from it; n counts per shard and epoch, from 1. */
  readonly shard: ShardNumber;
  readonly epoch: number;
  readonly n: number;
  readonly outcome: Outcome;
};

/** The first answer to one command: what its event is rendered from. */
export type Answer = Entry | RejectedCommand;

export const isEntry = (answer: Answer): answer is Entry => 'rev' in answer;

export const answerOf = ({ outcome }: Decision): Answer =>
  outcome.kind === 'accepted' ? outcome.entries[outcome.entries.length - 1]! : outcome.rejected;

export const rejectionOf = (
  command: Command,
  rejection: Rejection,
  sentAt: string,
  at: Micros,
  receipt?: DecisionReceipt,
): RejectedCommand => ({
  type: command.type === 'message.post' ? 'message.rejected' : 'command.rejected',
  ...rejection,
  chatId: command.chatId,
  senderId: command.senderId,
  clientMessageId: command.clientMessageId,
  fingerprint: command.fingerprint,
  sentAt,
  at,
  body: command.type === 'message.post' ? command.body : null,
  recipientId: command.type === 'message.post' ? (command.recipientId ?? null) : null,
  ...(receipt !== undefined && { receipt }),
});
