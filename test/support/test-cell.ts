import { startActorSystem } from '../../actors/kit/actor-system.ts';
import { type Cell, startCell } from '../../actors/shard/guardian.ts';
import type { CellDeps } from '../../actors/shard/shard.protocol.ts';
import type { Ownership } from '../../src/application/ports/ownership.ts';
import type { Clock, Logger } from '../../src/application/ports/system.ts';
import { defaultBucketLimits } from '../../src/application/turn/decide-command.ts';
import { microsOfMs } from '../../src/domain/time.ts';
import { openMemoryCell } from '../../src/infrastructure/memory/memory-cell.ts';
import { keyHash } from '../../src/interface-adapters/amqp/command-identity.ts';
import { FakeBroker } from './fake-broker.ts';

export const quietLogger: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

export const realClock: Clock = {
  now: () => microsOfMs(Date.now()),
  monotonicMs: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(signal.reason);
      });
    }),
};

/** The real actors over a fake broker and the memory store, or what a test puts in their place. */
export const startTestCell = (
  over: Partial<CellDeps> & { shards?: number; commitDelayMs?: number; refusedConsumers?: number } = {},
) => {
  const { shards = 1, commitDelayMs, refusedConsumers = 0, ...deps } = over;
  const broker = new FakeBroker();
  broker.refusedConsumers = refusedConsumers;
  const memory = openMemoryCell({
    shards,
    ...(commitDelayMs === undefined ? {} : { schedule: (flush) => void setTimeout(flush, commitDelayMs) }),
  });
  const system = startActorSystem();
  const cell: Cell = startCell({
    system,
    ownership: memory.ownership as Ownership,
    consumer: broker,
    publisher: broker,
    policy: { decide: async (requests) => requests.map(() => ({ effect: 'permit' })) },
    hashKey: keyHash,
    clock: realClock,
    logger: quietLogger,
    limits: defaultBucketLimits,
    residency: { maxChats: 1_000, idleMs: 60_000 },
    ...deps,
  });
  return {
    broker,
    memory,
    cell,
    system,
    close: async () => {
      await cell.stop(1_000);
      system.stop();
    },
  };
};
