import type { Decision } from '../../src/application/decision.ts';
import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import type { Announcement, EventLane } from '../../src/application/ports/event-publisher.ts';

/** One command's way out: its event, and the delivery to settle when the event is confirmed. */
export type Step = {
  readonly announcement: Announcement;
  readonly delivery: Delivery;
  /** What was decided for it; undefined for the repeat of an earlier answer. */
  readonly decision: Decision | undefined;
  ready: boolean;
};

/** The answers of one chat on their way out. They leave in the order they were decided, each once what it says is durable. */
export class Outbox {
  readonly #lane: EventLane;
  readonly #confirmed: (step: Step) => void;
  #waiting: Step[] = [];
  #unconfirmed = 0;
  #emptied: (() => void)[] = [];

  constructor(lane: EventLane, confirmed: (step: Step) => void) {
    this.#lane = lane;
    this.#confirmed = confirmed;
  }

  get empty(): boolean {
    return this.#unconfirmed === 0;
  }

  push(steps: readonly Step[]): void {
    this.#waiting.push(...steps);
    this.#unconfirmed += steps.length;
  }

  /** These are durable; publishes whatever nothing earlier holds back. */
  ready(steps: readonly Step[]): void {
    for (const step of steps) step.ready = true;
    let count = 0;
    for (; this.#waiting[count]?.ready; count++) {
      const step = this.#waiting[count]!;
      this.#lane.publish(step.announcement, () => this.#settle(step));
    }
    if (count > 0) this.#waiting = this.#waiting.slice(count);
  }

  whenEmpty(): Promise<void> {
    if (this.empty) return Promise.resolve();
    return new Promise((resolve) => this.#emptied.push(resolve));
  }

  #settle(step: Step): void {
    this.#unconfirmed--;
    this.#confirmed(step);
    if (!this.empty) return;
    for (const resolve of this.#emptied.splice(0)) resolve();
  }
}
