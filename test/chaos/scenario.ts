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

const givenUpAfterMs = 120_000;

/** What a scenario plays on, while the load goes on. */
export class Stage {
  readonly cluster: Cluster;
  readonly stack: Stack;
  readonly producer: Producer;
  readonly events: EventReader;
  readonly isShort: boolean;
  readonly random: () => number;
  readonly recoveriesMs: number[] = [];
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
  async recoveredFrom(fault: () => Promise<unknown>): Promise<void> {
    await Promise.all([this.recovered(this.mark()), fault()]);
  }

  /** Waits until every chat has had an event of something that was made after the mark, and notes how long after the mark that was. */
  async recovered(since: Mark): Promise<void> {
    while (!this.#checker.hasReached(since.item)) {
      if (performance.now() - since.atMs > givenUpAfterMs)
        throw new Error(`not every chat is served ${givenUpAfterMs / 1_000} s after the fault`);
      await sleep(5);
    }
    this.recoveriesMs.push(performance.now() - since.atMs);
  }
}
