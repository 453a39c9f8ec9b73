import { setTimeout as sleep } from 'node:timers/promises';
import type { Cluster } from './cluster.ts';
import type { EventChecker } from './event-checker.ts';
import type { EventReader } from './event-reader.ts';
import type { Violation } from './findings.ts';
import type { Instance } from './instance.ts';
import type { Producer } from './producer.ts';
import type { Stack } from './stack.ts';

export type Scenario = {
  readonly name: string;
  /** One of those that --short runs. */
  readonly isShort: boolean;
  /** Events may find no queue: the tables must have everything all the same. */
  readonly mayHaveGaps?: boolean;
  readonly run: (stage: Stage) => Promise<void>;
  /** For proofs that the checker sees: changes the events on their way to it. */
  readonly tamper?: (event: string) => readonly string[];
  readonly mustFind?: Violation;
};

/** A moment: everything that was made from then on proves that commands flow again. */
export type Mark = { readonly item: number; readonly atMs: number };

/** Of the instances, as they have it by default (`SESSION_TIMEOUT_MS`). */
export const sessionTimeoutMs = 6_000;

/** How long it took until every chat was served again. */
export type Recovery = { readonly since: string; readonly ms: number; readonly aimMs: number | undefined };

/** What is aimed at; a machine with too much to do may miss it. */
const aimsMs: Readonly<Record<string, number>> = {
  // Silence is noticed, the journal is replayed, the shards are taken.
  'after the kill': sessionTimeoutMs + 2_000,
};

const givenUpAfterMs = 120_000;

/** What a scenario plays on, while the load goes on. */
export class Stage {
  readonly cluster: Cluster;
  readonly stack: Stack;
  readonly producer: Producer;
  readonly events: EventReader;
  readonly isShort: boolean;
  readonly random: () => number;
  readonly recoveries: Recovery[] = [];
  /** Message ids that must be found among the dead letters. */
  readonly poison: string[] = [];
  readonly #checker: EventChecker;

  constructor(
    parts: Pick<Stage, 'cluster' | 'stack' | 'producer' | 'events' | 'isShort' | 'random'>,
    checker: EventChecker,
  ) {
    this.cluster = parts.cluster;
    this.stack = parts.stack;
    this.producer = parts.producer;
    this.events = parts.events;
    this.isShort = parts.isShort;
    this.random = parts.random;
    this.#checker = checker;
  }

  get instances(): readonly Instance[] {
    return this.cluster.instances;
  }

  anyInstance(): Instance {
    return this.instances[Math.floor(this.random() * this.instances.length)]!;
  }

  pause(seconds: number): Promise<void> {
    return sleep(seconds * 1_000);
  }

  mark(item = this.producer.made): Mark {
    return { item, atMs: performance.now() };
  }

  /** Does it, and waits until every chat is served again, which may be before it is done. */
  async recoveredFrom(fault: () => Promise<unknown>, since = 'after the fault'): Promise<void> {
    await Promise.all([this.recovered(this.mark(), since), fault()]);
  }

  /** Shards change hands in order; what counts is the longest that a command had to wait for its event meanwhile. */
  async handedOver(change: () => Promise<unknown>): Promise<void> {
    this.#checker.takeSlowestMs();
    await change();
    await this.#served(this.mark());
    this.#note('hand-over gap', this.#checker.takeSlowestMs());
  }

  /** Killed and started again at once. */
  async restarted(instance: Instance): Promise<void> {
    const killed = this.mark();
    await instance.kill();
    instance.start();
    await this.recovered(killed, 'after the kill, restarted at once');
    this.#note('after that start', performance.now() - instance.startedAtMs);
    await instance.ready();
  }

  /** Waits until every chat has had an event of something that was made after the mark, and notes how long after the mark that was. */
  async recovered(mark: Mark, since = 'after the end of the fault'): Promise<void> {
    await this.#served(mark);
    this.#note(since, performance.now() - mark.atMs);
  }

  #note(since: string, ms: number): void {
    this.recoveries.push({ since, ms, aimMs: aimsMs[since] });
  }

  async #served(mark: Mark): Promise<void> {
    while (!this.#checker.hasReached(mark.item)) {
      if (performance.now() - mark.atMs > givenUpAfterMs)
        throw new Error(`not every chat is served ${givenUpAfterMs / 1_000} s after the fault`);
      await sleep(5);
    }
  }
}
