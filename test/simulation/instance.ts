import { startActorSystem } from '../../actors/kit/actor-system.ts';
import { type Cell, startCell } from '../../actors/shard/guardian.ts';
import type { EventPublisher } from '../../src/application/ports/event-publisher.ts';
import type { Ownership } from '../../src/application/ports/ownership.ts';
import type { PolicyDecisionPoint } from '../../src/application/ports/policy-decision-point.ts';
import type { Clock, Logger } from '../../src/application/ports/system.ts';
import { noRateLimits } from '../../src/application/turn/rate-limit.ts';
import { micros } from '../../src/domain/ids.ts';
import { microsOfMs } from '../../src/domain/time.ts';
import { CassandraOwnership } from '../../src/infrastructure/cassandra/cassandra-ownership.ts';
import type { CassandraClient } from '../../src/infrastructure/cassandra/client.ts';
import { DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import { FallenSessions } from '../../src/infrastructure/cassandra/fallen-sessions.ts';
import { keyHash } from '../../src/interface-adapters/amqp/command-identity.ts';
import {
  ackBeforeConfirm,
  appendAgainWithMore,
  blankAgain,
  carryNothing,
  doneTooEarly,
  falseReplay,
  forgetReactions,
  headApart,
  impatientPolicy,
  neverConfirm,
  projectFirst,
  publishFirst,
  releaseUndone,
  replayAfterCas,
  rewordAgain,
  signBodies,
} from './broken-rules.ts';
import type { Owner } from './scheduler.ts';
import type { Variant } from './variants.ts';
import { type World, wallStartMs } from './world.ts';

const basis = { policy: 'simulate', rules: ['members-write'] };

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
  const honest = sim.cassandra.client(owner, 'data', () => clock.now());
  const data = new DataAccess(brokenClient(variant, honest, owner));
  let ledger = sim.cassandra.client(owner, 'ledger', () => clock.now());
  if (variant === 'projection-before-journal') ledger = projectFirst(ledger, data);
  if (variant === 'append-again-with-more') ledger = appendAgainWithMore(ledger);
  if (variant === 'carry-passes-undone') ledger = carryNothing(ledger);
  if (variant === 'done-before-confirm') ledger = doneTooEarly(ledger);
  const logger = loggerOf(sim, owner);
  const { shards: shardCount } = sim;
  const options = { ledger, data, clock, logger, instanceId: label, sessionTimeoutMs, shardCount };
  const real = new CassandraOwnership(options);
  const ownership = brokenOwnership(variant, real, ledger, () => {
    const all = new DataAccess(honest);
    return [new FallenSessions(ledger, all, clock, logger), all];
  });
  const system = startActorSystem({ busyPass: random.int(0, 12), longestGathering: random.int(0, 12) });
  const policy: PolicyDecisionPoint = sim.policyOf?.(owner, { clock, logger }) ?? {
    decide: async (requests) => {
      if (faults.happens('policy')) throw new Error('simulated: no policy');
      return requests.map(() => ({ effect: 'permit', basis }));
    },
  };
  const cell = startCell({
    system,
    ownership,
    consumer: sim.rabbit.consumer(owner),
    publisher: brokenPublisher(variant, sim.events.publisher(owner), clock),
    policy: brokenPolicy(variant, policy, clock),
    hashKey: keyHash,
    clock,
    logger,
    // Small enough that buckets roll, blocks of keys are full and chats are passivated within one run.
    limits: { windowMicros: microsOfMs(3_600_000), maxMessages: random.int(8, 90), maxEntries: 1_000 },
    rates: noRateLimits,
    residency: { maxChats: random.int(1, 3), idleMs: random.int(200, 4_000) },
  });
  scheduler.current = before;
  return { owner, label, cell, discard: () => system.stop() };
};

const brokenPolicy = (variant: Variant, real: PolicyDecisionPoint, clock: Clock): PolicyDecisionPoint => {
  if (variant === 'permits-without-a-word') return impatientPolicy(real, clock, { effect: 'permit', basis });
  if (variant !== 'denies-without-a-word') return real;
  return impatientPolicy(real, clock, { effect: 'deny', code: 'POLICY_UNAVAILABLE', reason: 'Nobody answered.' });
};

const brokenClient = (variant: Variant, real: CassandraClient, owner: Owner): CassandraClient => {
  if (variant === 'impure-projection') return signBodies(real, owner.name);
  if (variant === 'head-apart') return headApart(real);
  return readsFalsely.has(variant) ? falseReplay(real, variant) : real;
};

const readsFalsely: ReadonlySet<Variant> = new Set(['no-replay', 'journal-read-before-fence', 'replay-after-cas']);

const brokenPublisher = (variant: Variant, real: EventPublisher, clock: Clock): EventPublisher => {
  if (variant === 'ack-before-confirm') return ackBeforeConfirm(real);
  if (variant === 'blank-again') return blankAgain(real);
  return variant === 'reworded-again' ? rewordAgain(real, clock) : real;
};

const brokenOwnership = (
  variant: Variant,
  real: Ownership,
  ledger: CassandraClient,
  honest: () => [FallenSessions, DataAccess],
): Ownership => {
  switch (variant) {
    case 'release-with-undone':
      return releaseUndone(real, ledger);
    case 'replay-after-cas':
      return replayAfterCas(real, ...honest());
    case 'published-before-journal':
      return publishFirst(real);
    case 'answers-before-confirming':
      return neverConfirm(real);
    case 'reactions-forgotten':
      return forgetReactions(real);
    default:
      return real;
  }
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
