import { type Answer, type Decision, isEntry } from '../../src/application/decision.ts';
import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import type { Announcement } from '../../src/application/ports/event-publisher.ts';
import type { CommandTrace } from '../../src/application/ports/tracer.ts';
import type { Command } from '../../src/domain/chat/command.ts';
import { commandKey } from './answer-memory.ts';
import type { ShardContext } from './chat.protocol.ts';

/** One command's way out: its event, and the delivery to settle when the event is confirmed. What it says of the command the delivery may have let
 *  go of. */
export type Step = {
  /** The command's name within its chat. */
  readonly key: string;
  readonly type: Command['type'];
  readonly fingerprint: string;
  answer: Answer;
  readonly traceparent: string | undefined;
  /** The one to settle; a later copy takes its place when its channel is gone. */
  delivery: Delivery;
  /** What was decided for it; undefined for the repeat of an earlier answer. */
  decision: Decision | undefined;
  ready: boolean;
  /** When its event was handed to the lane. */
  publishedMs: number;
  trace: CommandTrace | undefined;
};

/** Answers to commands by their names within the chat. */
export type UndoneAnswers = Pick<ReadonlyMap<string, Answer>, 'get' | 'values'>;

/** The answers of one chat on their way out. They leave in the order they were decided, each once what it says is durable. */
export class Outbox {
  readonly #context: Pick<ShardContext, 'lane' | 'clock'>;
  readonly #confirmed: (step: Step) => void;
  readonly #undone = new Map<string, Step>();
  /** In their order: confirmed ones, which are dropped now and then, those that were published, and those that wait. */
  #steps: Step[] = [];
  #confirmedUpTo = 0;
  #publishedUpTo = 0;
  #emptied: (() => void)[] = [];

  constructor(context: Pick<ShardContext, 'lane' | 'clock'>, confirmed: (step: Step) => void) {
    this.#context = context;
    this.#confirmed = confirmed;
  }

  get empty(): boolean {
    return this.#confirmedUpTo === this.#steps.length;
  }

  /** Answers to commands that are decided and not yet announced: a repeat of one waits for it and is answered with it. */
  readonly undone: UndoneAnswers = {
    get: (key) => this.#undone.get(key)?.answer,
    values: () => [...this.#undone.values()].map(({ answer }) => answer).values(),
  };

  /** The delivery comes again while what answers it is on its way: that will settle the copy, no event more. */
  adopt(delivery: Delivery): boolean {
    if (!delivery.redelivered) return false;
    const { fingerprint } = delivery.command;
    const key = commandKey(delivery.command);
    for (let index = this.#confirmedUpTo; index < this.#steps.length; index++) {
      const step = this.#steps[index]!;
      if (step.delivery.live || step.key !== key || step.fingerprint !== fingerprint) continue;
      step.delivery = delivery;
      return true;
    }
    return false;
  }

  push(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.decision !== undefined) this.#remember(step);
      this.#steps.push(step);
    }
  }

  /** An entry stays the answer to its id while it is on its way, also when the id is used again meanwhile and that is rejected. */
  #remember(step: Step): void {
    const known = this.#undone.get(step.key);
    if (known === undefined || !isEntry(known.answer)) this.#undone.set(step.key, step);
  }

  /** These are durable; publishes whatever nothing earlier holds back. */
  ready(steps: readonly Step[]): void {
    for (const step of steps) step.ready = true;
    const { lane, clock } = this.#context;
    const nowMs = clock.monotonicMs();
    for (let step = this.#steps[this.#publishedUpTo]; step?.ready; step = this.#steps[this.#publishedUpTo]) {
      // Before it is published: it may be confirmed at once.
      this.#publishedUpTo++;
      step.publishedMs = nowMs;
      lane.publish(announcementOf(step), this.#confirmNext);
    }
  }

  whenEmpty(): Promise<void> {
    if (this.empty) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }

  /** A lane confirms in the order in which it publishes. */
  readonly #confirmNext = (): void => {
    const step = this.#steps[this.#confirmedUpTo]!;
    this.#steps[this.#confirmedUpTo++] = undefined as never;
    this.#dropConfirmed();
    if (this.#undone.get(step.key) === step) this.#undone.delete(step.key);
    this.#confirmed(step);
    forget(step);
    if (!this.empty) return;
    for (const resolve of this.#emptied.splice(0)) resolve();
  };

  /** Not each by itself: that would move all that come after it. */
  #dropConfirmed(): void {
    const count = this.#confirmedUpTo;
    if (count < this.#steps.length && (count < 64 || count * 2 < this.#steps.length)) return;
    this.#steps = this.#steps.slice(count);
    this.#confirmedUpTo = 0;
    this.#publishedUpTo -= count;
  }
}

/** Made when it leaves: a step waits much longer than that takes. */
const announcementOf = ({ answer, decision, traceparent, delivery }: Step): Announcement => ({
  answer,
  replayed: decision === undefined,
  traceparent,
  replyTo: delivery.replyTo,
});

/** V8 keeps what a dead object of its old generation points to until the next full collection, and what a Map has outgrown is such an object:
 *  without this each collection of the young one copies a fifth more (docs/performance.md). */
const forget = (step: Step): void => {
  step.answer = step.delivery = step.decision = step.trace = undefined as never;
};
