import { type Answer, type Decision, isEntry } from '../../src/application/decision.ts';
import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import type { Announcement } from '../../src/application/ports/event-publisher.ts';
import type { CommandTrace } from '../../src/application/ports/tracer.ts';
import type { ShardContext } from './chat.protocol.ts';

/** One command's way out: its event, and the delivery to settle when the event is confirmed. */
export type Step = {
  /** The command's name within the shard. */
  readonly key: string;
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

/** Answers to commands by their names within the shard. */
export type UndoneAnswers = Pick<ReadonlyMap<string, Answer>, 'get' | 'values'>;

/** The answers of one chat on their way out. They leave in the order they were decided, each once what it says is durable. */
export class Outbox {
  readonly #context: Pick<ShardContext, 'lane' | 'clock'>;
  readonly #confirmed: (step: Step) => void;
  readonly #undone = new Map<string, Step>();
  #waiting: Step[] = [];
  readonly #unconfirmed = new Set<Step>();
  #emptied: (() => void)[] = [];

  constructor(context: Pick<ShardContext, 'lane' | 'clock'>, confirmed: (step: Step) => void) {
    this.#context = context;
    this.#confirmed = confirmed;
  }

  get empty(): boolean {
    return this.#unconfirmed.size === 0;
  }

  /** Answers to commands that are decided and not yet announced: a repeat of one waits for it and is answered with it. */
  readonly undone: UndoneAnswers = {
    get: (key) => this.#undone.get(key)?.answer,
    values: () => [...this.#undone.values()].map(({ answer }) => answer).values(),
  };

  /** The delivery comes again while what answers it is on its way: that will settle the copy, no event more. */
  adopt(delivery: Delivery): boolean {
    if (!delivery.redelivered) return false;
    const { senderId, clientMessageId, fingerprint } = delivery.command;
    for (const step of this.#unconfirmed) {
      const { command, live } = step.delivery;
      const same = command.senderId === senderId && command.clientMessageId === clientMessageId;
      if (live || !same || command.fingerprint !== fingerprint) continue;
      step.delivery = delivery;
      return true;
    }
    return false;
  }

  push(steps: readonly Step[]): void {
    for (const step of steps) {
      if (step.decision !== undefined) this.#remember(step);
      this.#waiting.push(step);
      this.#unconfirmed.add(step);
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
    let count = 0;
    const { lane, clock } = this.#context;
    const nowMs = clock.monotonicMs();
    for (; this.#waiting[count]?.ready; count++) {
      const step = this.#waiting[count]!;
      step.publishedMs = nowMs;
      lane.publish(announcementOf(step), () => this.#settle(step));
    }
    if (count > 0) this.#waiting = this.#waiting.slice(count);
  }

  whenEmpty(): Promise<void> {
    if (this.empty) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }

  #settle(step: Step): void {
    this.#unconfirmed.delete(step);
    if (this.#undone.get(step.key) === step) this.#undone.delete(step.key);
    this.#confirmed(step);
    forget(step);
    if (!this.empty) return;
    for (const resolve of this.#emptied.splice(0)) resolve();
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
