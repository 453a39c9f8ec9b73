import { shardQueries } from '../../src/infrastructure/cassandra/session-tables.ts';
import { FakeCassandra } from './fake-cassandra.ts';
import { FakeEvents } from './fake-events.ts';
import { FakeRabbit } from './fake-rabbit.ts';
import { Faults } from './faults.ts';
import type { Instance } from './instance.ts';
import { Invariants, type Violation } from './invariants.ts';
import { Random } from './random.ts';
import { readBack } from './read-back.ts';
import { playFaults, publishCommands, startInstances } from './scenario.ts';
import { Scheduler, world } from './scheduler.ts';
import type { Variant } from './variants.ts';

export const wallStartMs = Date.UTC(2026, 10, 23);
const stormMs = 25_000;
const calmMs = 120_000;

export type Result = {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly trace: readonly { readonly chat: string | undefined; readonly line: string }[];
  readonly tasks: number;
  readonly counts: Invariants['counts'];
};

/** Everything of one run. */
export class World {
  readonly seed: number;
  readonly variant: Variant;
  readonly random: Random;
  readonly scheduler: Scheduler;
  readonly faults: Faults;
  readonly invariants: Invariants;
  readonly cassandra: FakeCassandra;
  readonly rabbit: FakeRabbit;
  readonly events: FakeEvents;
  readonly shards: number;
  readonly instances = new Set<Instance>();
  readonly lines: { chat: string | undefined; line: string }[] = [];
  /** Numbers the processes. */
  started = 0;
  /** Commands that are still to be published. */
  toCome = 0;
  readonly #traced: boolean;

  constructor(seed: number, variant: Variant, traced: boolean) {
    this.seed = seed;
    this.variant = variant;
    this.#traced = traced;
    this.random = new Random(seed);
    this.scheduler = new Scheduler(this.random);
    this.faults = new Faults(this.random);
    this.shards = this.random.int(1, 3);
    this.invariants = new Invariants((chat, text) => this.trace(chat, text));
    const { scheduler, random, faults, invariants } = this;
    this.cassandra = new FakeCassandra(scheduler, random, faults, invariants, variant);
    this.rabbit = new FakeRabbit(this.shards, scheduler, random, faults, invariants, variant);
    this.events = new FakeEvents(
      scheduler,
      random,
      faults,
      (answer, owner) => invariants.taken(answer, owner),
      variant,
    );
    for (let shard = 0; shard < this.shards; shard++) this.cassandra.applyNow(shardQueries.add, [shard]);
  }

  trace(chat: string | undefined, text: () => string): void {
    if (this.#traced)
      this.lines.push({ chat, line: `${(this.scheduler.nowMs / 1000).toFixed(4).padStart(9)} ${text()}` });
  }

  get broken(): boolean {
    return this.invariants.violations.length > 0 || this.faults.broken !== undefined;
  }

  /** Every command is acked, and nobody's shard is left alone. */
  get settled(): boolean {
    if (this.toCome > 0 || !this.rabbit.isEmpty) return false;
    const held = [...this.instances].flatMap(({ owner, cell }) =>
      owner.state === 'running' ? cell.status().shards : [],
    );
    return new Set(held).size === this.shards;
  }
}

/** One run: some 25 s of faults, then calm until all is done. */
export const simulate = async (seed: number, variant: Variant = 'none', traced = false): Promise<Result> => {
  const sim = new World(seed, variant, traced);
  const { scheduler, invariants, faults } = sim;
  const uninstall = scheduler.install(() => wallStartMs + scheduler.nowMs);
  const unhandled = (error: unknown) => {
    if (error instanceof Error && error.name !== 'SessionLost') invariants.found('unhandled', `${error.stack}`);
  };
  process.on('unhandledRejection', unhandled);
  try {
    startInstances(sim);
    publishCommands(sim, stormMs);
    playFaults(sim, stormMs);
    await scheduler.run(stormMs, () => sim.broken);
    scheduler.current = world;
    if (!sim.broken) {
      sim.trace(undefined, () => '— calm —');
      faults.calm = true;
      sim.cassandra.heal();
      for (const { owner } of sim.instances) {
        faults.mendStore(owner);
        scheduler.resume(owner);
      }
      startInstances(sim);
      let nextLookMs = 0;
      const settled = () => {
        if (sim.broken) return true;
        if (scheduler.nowMs < nextLookMs) return false;
        nextLookMs = scheduler.nowMs + 100;
        return sim.settled;
      };
      await scheduler.run(stormMs + calmMs, settled);
      scheduler.current = world;
      sim.cassandra.heal();
      if (!sim.broken && !sim.settled)
        invariants.found(
          'I9',
          `not settled ${calmMs / 1000} s after the last fault; queues ${sim.rabbit.waiting}; to come ${sim.toCome}; shards ${[...sim.instances].map(({ owner, cell }) => `${owner.name} ${cell.status().shards}`).join(' ')}`,
        );
      invariants.atRest();
      if (!sim.broken) await readBack(sim.cassandra, invariants);
    }
  } finally {
    for (const instance of sim.instances) instance.discard();
    uninstall();
    process.off('unhandledRejection', unhandled);
  }
  if (faults.broken !== undefined) throw faults.broken;
  const { violations, counts } = invariants;
  return { seed, violations, counts, trace: sim.lines, tasks: scheduler.tasksRun };
};
