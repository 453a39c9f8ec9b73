import type { Parcel } from './parcel.ts';

/** Takes what the queue gives; at most `prefetch` at a time are out. */
export type QueueConsumer = {
  readonly prefetch: number;
  onParcel(parcel: Parcel, settle: () => void): void;
};

/** One shard's queue: first in, first out; one consumer is active, others wait for their turn (single active consumer). */
export class ShardQueue {
  #waiting: Parcel[] = [];
  /** Index of the oldest waiting one; what lies before it is dropped now and then. */
  #first = 0;
  readonly #consumers: QueueConsumer[] = [];
  /** Out with the active consumer, in the order of delivery. */
  readonly #out = new Set<{ readonly parcel: Parcel }>();
  #scheduled = false;

  get length(): number {
    return this.#waiting.length - this.#first + this.#out.size;
  }

  push(parcel: Parcel): void {
    this.#waiting.push(parcel);
    this.#schedule();
  }

  attach(consumer: QueueConsumer): void {
    this.#consumers.push(consumer);
    this.#schedule();
  }

  /** What the consumer has not settled goes back to the front, in order. */
  detach(consumer: QueueConsumer): void {
    const at = this.#consumers.indexOf(consumer);
    if (at < 0) return;
    this.#consumers.splice(at, 1);
    if (at > 0) return; // it was not its turn yet
    const back = [...this.#out].map(({ parcel }) => ({ ...parcel, redelivered: true }));
    this.#out.clear();
    this.#waiting = [...back, ...this.#waiting.slice(this.#first)];
    this.#first = 0;
    this.#schedule();
  }

  /** Never in the turn of a push: a producer does not run its consumer. */
  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#deliver();
    });
  }

  #deliver(): void {
    const consumer = this.#consumers[0];
    if (consumer === undefined) return;
    while (this.#first < this.#waiting.length && this.#out.size < consumer.prefetch) {
      const parcel = this.#waiting[this.#first++]!;
      const place = { parcel };
      this.#out.add(place);
      consumer.onParcel(parcel, () => {
        if (this.#out.delete(place)) this.#schedule();
      });
      if (this.#consumers[0] !== consumer) return; // it closed itself; what it held is back in the queue
    }
    if (this.#first >= 1_024 || this.#first === this.#waiting.length) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
  }
}
