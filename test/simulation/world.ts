import type { Answer } from '../../src/application/decision.ts';
import type { PolicyDecisionPoint } from '../../src/application/ports/policy-decision-point.ts';
import type { Clock, Logger } from '../../src/application/ports/system.ts';
import { shardQueries } from '../../src/infrastructure/cassandra/session-tables.ts';
import { breakClasses } from './broken-classes.ts';
import { FakeCassandra, type StoreWitness } from './fake-cassandra.ts';
import { FakeEvents } from './fake-events.ts';
import { FakeRabbit } from './fake-rabbit.ts';
import { Faults } from './faults.ts';
import type { Instance } from './instance.ts';
import { Invariants, type Violation } from './invariants.ts';
import { watchEnds } from './onlooker.ts';
import { Random } from './random.ts';
import { readBack } from './read-back.ts';
import { playFaults, publishCommands, startInstances } from './scenario.ts';
import { type Owner, Scheduler, world } from './scheduler.ts';
import type { Variant } from './variants.ts';

/** What happens until the calm begins. */
export type Scenario = {
  /** No faults but those that it plays itself. */
  readonly quiet: boolean;
  readonly shards?: number;
  readonly forMs: number;
  play(sim: World): void;
};

export const wallStartMs = Date.UTC(2026, 10, 23);
const calmMs = 120_000;

/** What the seed wants. */
const storm: Scenario = {
  quiet: false,
  forMs: 25_000,
  play: (sim) => {
    publishCommands(sim, storm.forMs);
    playFaults(sim, storm.forMs);
  },
};

export type Result = {
  readonly seed: number;
  readonly violations: readonly Violation[];
  readonly trace: readonly { readonly chat: string | undefined; readonly line: string }[];
  readonly tasks: number;
  readonly counts: Invariants['counts'];
  /** How often each kind of fault has happened. */
  readonly fired: Readonly<Record<string, number>>;
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
  /** Told of every conditional statement that was applied, and of every event that the broker took. */
  onApplied: StoreWitness['applied'] = () => {};
  onTaken: (answer: Answer, owner: Owner) => void = () => {};
  /** Another policy than the one of instance.ts, by hand. */
  policyOf: ((owner: Owner, deps: { clock: Clock; logger: Logger }) => PolicyDecisionPoint) | undefined;
  /** Numbers the processes. */
  started = 0;
  /** Commands that are still to be published. */
  toCome = 0;
  readonly #traced: boolean;

  constructor(seed: number, variant: Variant, traced: boolean, { quiet, shards }: Scenario = storm) {
    this.seed = seed;
    this.variant = variant;
    this.#traced = traced;
    this.random = new Random(seed);
    this.scheduler = new Scheduler(this.random);
    this.faults = new Faults(this.random, quiet);
    this.shards = shards ?? this.random.int(1, 3);
    this.invariants = new Invariants((chat, text) => this.trace(chat, text));
    const { scheduler, random, faults, invariants } = this;
    const witness: StoreWitness = {
      applied: (...change) => {
        invariants.applied(...change);
        this.onApplied(...change);
      },
      projected: (...write) => invariants.projected(...write),
    };
    this.cassandra = new FakeCassandra(scheduler, random, faults, witness, variant);
    this.rabbit = new FakeRabbit(this.shards, scheduler, random, faults, invariants, variant);
    this.events = new FakeEvents(
      scheduler,
      random,
      faults,
      {
        taken: (answer, owner) => {
          invariants.taken(answer, owner);
          this.onTaken(answer, owner);
        },
        confirming: (answer) => invariants.confirming(answer),
      },
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
export const simulate = async (
  seed: number,
  variant: Variant = 'none',
  traced = false,
  scenario = storm,
): Promise<Result> => {
  const sim = new World(seed, variant, traced, scenario);
  const mend = breakClasses(variant);
  const { scheduler, invariants, faults } = sim;
  const uninstall = scheduler.install(() => wallStartMs + scheduler.nowMs);
  const unhandled = (error: unknown) => {
    if (error instanceof Error && error.name !== 'SessionLost') invariants.found('unhandled', `${error.stack}`);
  };
  process.on('unhandledRejection', unhandled);
  try {
    startInstances(sim);
    scenario.play(sim);
    watchEnds(sim);
    await scheduler.run(scenario.forMs, () => sim.broken);
    scheduler.current = world;
    if (!sim.broken) {
      sim.trace(undefined, () => '— calm —');
      faults.end();
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
      await scheduler.run(scenario.forMs + calmMs, settled);
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
    mend();
    process.off('unhandledRejection', unhandled);
  }
  if (faults.broken !== undefined) throw faults.broken;
  const { violations, counts } = invariants;
  return { seed, violations, counts, fired: faults.fired, trace: sim.lines, tasks: scheduler.tasksRun };
};
