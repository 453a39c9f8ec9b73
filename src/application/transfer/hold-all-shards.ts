import { SessionLost } from '../ports/chat-store.ts';
import type { Ownership, Session, Tenure } from '../ports/ownership.ts';
import type { Clock } from '../ports/system.ts';

/** A session that holds every shard of the store, so that nobody else decides anything meanwhile. */
export type WholeStore = {
  readonly session: Session;
  readonly tenures: readonly Tenure[];
  /** Gives everything back. Nothing may be undone. */
  release(): Promise<void>;
};

const lookEveryMs = 250;

const ofTransfers = ' transfer';
/** The label of an import's process: not that of an instance, so that the two never take each other for their former selves. */
export const transferInstance = (instanceId: string): string => `${instanceId}${ofTransfers}`;

/** Waits for silent owners to count as gone. Rejects when one lives, or has left events that only the service can announce. */
export const holdAllShards = async (ownership: Ownership, clock: Clock, patienceMs: number): Promise<WholeStore> => {
  const session = await ownership.begin();
  const tenures = new Map<number, Tenure>();
  const deadline = clock.monotonicMs() + patienceMs;
  while (tenures.size < ownership.shardCount) {
    const { shards } = await session.view();
    const living = shards.filter(({ owner }) => owner === 'living');
    if (living.length > 0 && clock.monotonicMs() > deadline) {
      await session.end();
      throw new Error(
        `${living.length} of ${ownership.shardCount} shards are served by a running instance: stop every instance of the service, then import again.`,
      );
    }
    for (const { shard, owner } of shards) {
      if (owner === 'living' || tenures.has(shard)) continue;
      const tenure = await session.take(shard, async (undone, instance) => {
        // An import that was cut off: what it had decided is in the store now, and nobody is told of it.
        if (undone.length === 0 || instance.endsWith(ofTransfers)) return;
        throw new Error(
          `the last instance ended with ${undone.length} events unannounced: start the service once, let it become ready, stop it, then import again.`,
        );
      });
      if (tenure !== undefined) tenures.set(shard, tenure);
    }
    if (tenures.size < ownership.shardCount) await clock.sleep(lookEveryMs);
  }
  return {
    session,
    tenures: [...tenures.values()].sort((a, b) => a.shard - b.shard),
    release: async () => {
      for (const tenure of tenures.values()) await session.release(tenure);
      await session.end().catch((error) => {
        if (!(error instanceof SessionLost)) throw error;
      });
    },
  };
};
