import type { ShardNumber } from '../../domain/ids.ts';
import type { Decision } from '../decision.ts';
import type { ChatStore } from './chat-store.ts';

/** A shard held by a session; `epoch` counts how often it has changed hands. */
export type Tenure = { readonly shard: ShardNumber; readonly epoch: number };

export type ShardView = {
  readonly shard: ShardNumber;
  /** `mine`: the row names this session (whether or not it is held). `gone`: its owner is no more, or was silent for too long. */
  readonly owner: 'mine' | 'nobody' | 'gone' | 'living';
};

export type CellView = {
  readonly shards: readonly ShardView[];
  /** Processes believed to be alive and not leaving, this one included. A hint, for sharing out the shards. */
  readonly liveInstances: number;
};

/** `instance`: the label of the process that had decided. */
export type Announce = (undone: readonly Decision[], instance: string) => Promise<void>;

/** One life of one process, open until fenced (ADR-002). */
export type Session = {
  readonly id: string;
  /** Commits into this session's journal. */
  readonly store: ChatStore;
  /** Resolves with the reason when the session is lost or has ended; never rejects. After that nothing of it may be published. */
  readonly lost: Promise<Error>;
  view(): Promise<CellView>;
  /** Takes a shard, or resolves with undefined when somebody lives on it. Undone decisions of its former owner are projected
   *  again, then handed to `announce` in the order they were decided; the shard is taken only after `announce` resolved.
   *  May be repeated by anybody at any time. */
  take(shard: ShardNumber, announce: Announce): Promise<Tenure | undefined>;
  /** Gives a shard back. The caller MUST have nothing of it undone. From the call on the shard is gone, whatever happens. */
  release(tenure: Tenure): Promise<void>;
  /** The others no longer count this session when they share out the shards: its own are about to be given back. */
  leave(): Promise<void>;
  /** Ends the session for good: nothing is written by it afterwards. What is undone, the next owner finds in the journal. */
  end(): Promise<void>;
};

export type Ownership = {
  /** Number of shards of this cell, fixed in the store. */
  readonly shardCount: number;
  /** Rejects with a transient error while the store cannot be reached. */
  begin(): Promise<Session>;
  close(): Promise<void>;
};
