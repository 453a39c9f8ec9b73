import { randomUUID } from 'node:crypto';
import { type ChatStore, SessionLost } from '../../application/ports/chat-store.ts';
import type { CellView, Ownership, Session, Tenure } from '../../application/ports/ownership.ts';
import { type ShardNumber, shardNumber } from '../../domain/ids.ts';

/** A store that can be told that its session is over. */
export type EndableStore = ChatStore & { end(reason: SessionLost): void };

export type SingleProcessStorage = {
  readonly shardCount: number;
  /** Counts one more change of hands of the shard, stored before it returns; the new epoch. */
  raiseEpoch(shard: ShardNumber): number;
  store(): EndableStore;
};

/** Ownership where one process has the store for itself. A commit is one local transaction, so nothing is ever undone and
 *  `take` has nothing to announce: a command whose event had not gone out is delivered again and is then a repeat. */
export class SingleProcessOwnership implements Ownership {
  readonly #storage: SingleProcessStorage;
  readonly #sessions = new Map<string, SingleProcessSession>();
  readonly #holders = new Map<ShardNumber, { readonly session: string; readonly epoch: number }>();

  constructor(storage: SingleProcessStorage) {
    this.#storage = storage;
  }

  get shardCount(): number {
    return this.#storage.shardCount;
  }

  async begin(): Promise<Session> {
    const session = new SingleProcessSession(this.#storage, this.#holders, () => this.#sessions.delete(session.id));
    this.#sessions.set(session.id, session);
    return session;
  }

  /** For tests: the session is fenced, as if another process had taken everything from it. */
  lose(session: Session, reason = new SessionLost(`session ${session.id} was fenced`)): void {
    this.#sessions.get(session.id)?.lose(reason);
  }

  async close(): Promise<void> {
    for (const session of [...this.#sessions.values()]) await session.end();
  }
}

class SingleProcessSession implements Session {
  readonly id = randomUUID();
  readonly store: EndableStore;
  readonly lost: Promise<Error>;
  readonly #storage: SingleProcessStorage;
  readonly #holders: Map<ShardNumber, { readonly session: string; readonly epoch: number }>;
  readonly #onEnd: () => void;
  readonly #reportLoss: (reason: Error) => void;
  #ended: SessionLost | undefined;

  constructor(
    storage: SingleProcessStorage,
    holders: Map<ShardNumber, { readonly session: string; readonly epoch: number }>,
    onEnd: () => void,
  ) {
    this.#storage = storage;
    this.#holders = holders;
    this.#onEnd = onEnd;
    this.store = storage.store();
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.lost = promise;
    this.#reportLoss = resolve;
  }

  async view(): Promise<CellView> {
    const shards = Array.from({ length: this.#storage.shardCount }, (_, index) => {
      const shard = shardNumber(index);
      const holder = this.#holders.get(shard);
      const owner = holder === undefined ? 'nobody' : holder.session === this.id ? 'mine' : 'living';
      return { shard, owner } as const;
    });
    return { shards, liveInstances: 1 };
  }

  async take(shard: ShardNumber): Promise<Tenure | undefined> {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#holders.has(shard)) return undefined;
    const epoch = this.#storage.raiseEpoch(shard);
    this.#holders.set(shard, { session: this.id, epoch });
    return { shard, epoch };
  }

  async release({ shard, epoch }: Tenure): Promise<void> {
    const holder = this.#holders.get(shard);
    if (holder?.session === this.id && holder.epoch === epoch) this.#holders.delete(shard);
  }

  async leave(): Promise<void> {}

  async end(): Promise<void> {
    this.#stop(new SessionLost(`session ${this.id} has ended`));
  }

  lose(reason: SessionLost): void {
    this.#stop(reason);
  }

  #stop(reason: SessionLost): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.store.end(reason);
    for (const [shard, holder] of this.#holders) if (holder.session === this.id) this.#holders.delete(shard);
    this.#onEnd();
    this.#reportLoss(reason);
  }
}
