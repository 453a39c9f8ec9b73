import type { ChatState } from '../../domain/chat/chat-state.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import type { Target } from '../../domain/chat/message-state.ts';
import type { ChatId, ClientMessageId, Micros, Rev, Seq, ShardNumber, UserId } from '../../domain/ids.ts';
import type { Decision } from '../decision.ts';

/** The session behind a store has ended: what was not decided for ever never will be, by this session (ADR-002). */
export class SessionLost extends Error {
  override readonly name = 'SessionLost';
}

/** The bucket that a chat's next entries go to. */
export type OpenBucket = {
  readonly bucket: number;
  readonly firstSeq: Seq;
  readonly firstRev: Rev;
  readonly startedAt: Micros;
};

/** One entry's identity and position. `seq` is undefined for an entry that is not a post. */
export type EntryKey = {
  readonly rev: Rev;
  readonly seq: Seq | undefined;
  readonly senderId: UserId;
  readonly clientMessageId: ClientMessageId;
};

export type ChatSnapshot = {
  readonly state: ChatState;
  readonly bucket: OpenBucket;
  /** Number of the first bucket that is kept; 0 when left out. */
  readonly firstBucket?: number;
  /** The entries after the last complete block of 64, oldest first: rev 64k+1 … nextRev−1. */
  readonly recent: readonly EntryKey[];
};

/** The keys of entries firstRev … firstRev+63; see key-log.ts for the bytes. */
export type KeyBlock = { readonly firstRev: Rev; readonly blob: Uint8Array };

/** Chats as their one writer sees them: a store belongs to a session, and everything it decides is in that session's journal.
 *
 *  To the implementer: reads reject with a transient error that the caller retries; `commit` never does, it retries inside. */
export type ChatStore = {
  /** The shard a chat belongs to for ever, or undefined while nobody has claimed it. MUST NOT cache absence. */
  home(chatId: ChatId): Promise<ShardNumber | undefined>;
  /** Claims it for `shard` unless it is claimed; resolves with the winner. */
  claimHome(chatId: ChatId, shard: ShardNumber): Promise<ShardNumber>;

  /** The chat as of everything decided before, by any session. The caller MUST have nothing of that chat undone in this
   *  session, and MUST NOT answer from the snapshot before a `commit` or `confirmOwnership` that began later has resolved. */
  open(chatId: ChatId): Promise<ChatSnapshot | undefined>;
  /** The blocks of keys below `before`, newest first: those of the last `maxEntries` entries whose bucket was still open
   *  at `since`. A block the store lacks is rebuilt from its entries. */
  keyBlocks(chatId: ChatId, before: Rev, since: Micros, maxEntries: number): Promise<readonly KeyBlock[]>;
  entryAt(chatId: ChatId, position: { rev: Rev; seq: Seq | undefined }): Promise<Entry | undefined>;

  /** A message as everything that is readable has left it, and this user's reactions to it; undefined when there is no such message or
   *  it is not kept any more. What is not readable yet is the caller's to add. */
  target(chatId: ChatId, at: Seq, userId: UserId): Promise<Target | undefined>;

  /** Resolves once a write sent after this call has shown that the session is still open. Rejects with SessionLost. */
  confirmOwnership(): Promise<void>;
  /** Resolves when the decisions are final, durable and readable. The decisions of one chat become readable in the order of
   *  the calls. Rejects with SessionLost when they are not and, by this session, never will be. Any other failure is retried
   *  inside, not reported. Throws a RangeError at once, having stored nothing, when a decision can never be stored (too big). */
  commit(decisions: readonly Decision[]): Promise<void>;
  /** Every event of these decisions is confirmed: nobody needs to replay them. */
  announced(decisions: readonly Decision[]): void;
};
