import { startActorSystem } from '../../actors/kit/actor-system.ts';
import { type Cell, startCell } from '../../actors/shard/guardian.ts';
import type { Clock, Logger } from '../../src/application/ports/system.ts';
import { micros } from '../../src/domain/ids.ts';
import { microsOfMs } from '../../src/domain/time.ts';
import { CassandraOwnership } from '../../src/infrastructure/cassandra/cassandra-ownership.ts';
import { DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import { keyHash } from '../../src/interface-adapters/amqp/command-identity.ts';
import type { Owner } from './scheduler.ts';
import {
  ackBeforeConfirm,
  appendAgainWithMore,
  doneTooEarly,
  falseReplay,
  projectFirst,
  releaseUndone,
} from './variants.ts';
import { type World, wallStartMs } from './world.ts';

export const sessionTimeoutMs = 3_000;

/** One process: the real guardian, shards, chats, ownership and store adapter over the simulated servers. */
export type Instance = { readonly owner: Owner; readonly label: string; readonly cell: Cell; discard(): void };

export const startInstance = (sim: World, label: string): Instance => {
  const { scheduler, random, faults, variant } = sim;
  const owner: Owner = { name: `${label}#${++sim.started}`, state: 'running' };
  const skewMs = random.between(-5_000, 5_000);
  const before = scheduler.current;
  scheduler.current = owner;
  const clock: Clock = {
    now: () => micros(microsOfMs(Math.round(wallStartMs + scheduler.nowMs + skewMs))),
    monotonicMs: () => scheduler.nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const task = scheduler.after(
          ms,
          () => {
            signal?.removeEventListener('abort', aborted);
            resolve();
          },
          owner,
        );
        const aborted = () => {
          task.cancelled = true;
          reject(signal?.reason);
        };
        signal?.addEventListener('abort', aborted, { once: true });
      }),
  };
  let dataClient = sim.cassandra.client(owner, 'data', () => clock.now());
  if (variant === 'no-replay' || variant === 'journal-read-before-fence') dataClient = falseReplay(dataClient, variant);
  const data = new DataAccess(dataClient);
  let ledger = sim.cassandra.client(owner, 'ledger', () => clock.now());
  if (variant === 'projection-before-journal') ledger = projectFirst(ledger, data);
  if (variant === 'append-again-with-more') ledger = appendAgainWithMore(ledger);
  if (variant === 'done-before-confirm') ledger = doneTooEarly(ledger);
  const logger = loggerOf(sim, owner);
  const { shards: shardCount } = sim;
  const publisher = sim.events.publisher(owner);
  const options = { ledger, data, clock, logger, instanceId: label, sessionTimeoutMs, shardCount };
  const real = new CassandraOwnership(options);
  const ownership = variant === 'release-with-undone' ? releaseUndone(real, ledger) : real;
  const system = startActorSystem();
  const cell = startCell({
    system,
    ownership,
    consumer: sim.rabbit.consumer(owner),
    publisher: variant === 'ack-before-confirm' ? ackBeforeConfirm(publisher) : publisher,
    policy: {
      decide: async (requests) => {
        if (faults.happens('policy')) throw new Error('simulated: no policy');
        return requests.map(() => ({ effect: 'permit' }));
      },
    },
    hashKey: keyHash,
    clock,
    logger,
    // Small enough that buckets roll, blocks of keys are full and chats are passivated within one run.
    limits: { windowMicros: microsOfMs(3_600_000), maxMessages: random.int(8, 90), maxEntries: 1_000 },
    residency: { maxChats: random.int(1, 3), idleMs: random.int(200, 4_000) },
  });
  scheduler.current = before;
  return { owner, label, cell, discard: () => system.stop() };
};

/** An alarm or a crashed turn is a defect: nothing that a simulated fault does may lead to one. */
const loggerOf = (sim: World, owner: Owner): Logger => {
  const log = (level: string) => (fields: object, message: string) => {
    const { err, alarm } = fields as { err?: Error; alarm?: string };
    sim.trace(undefined, () => `${owner.name} ${level}: ${message}${err === undefined ? '' : ` (${err.message})`}`);
    if (alarm !== undefined || /crashed/.test(message))
      sim.invariants.found('alarm', `${message} (${err?.message ?? alarm})`);
  };
  return { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') };
};
