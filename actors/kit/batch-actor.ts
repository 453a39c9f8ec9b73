import nact from 'nact';
import type { ActorSystem } from './actor-system.ts';

export type BatchHandler<M> = {
  readonly maxBatch: number;
  /** True: it begins when the busy passes of the event loop are over, or have been too many, or with a whole batch, so that more is handled
   *  together. */
  readonly gathers?: boolean;
  /** Handles a prefix of `batch` and says how long it is; the rest is offered again, with what came after it. */
  handle(batch: readonly M[]): number | Promise<number>;
  /** A throw of `handle` is a defect, or a fault it does not know. The whole batch is offered again unless this says how many to drop. */
  crashed(error: unknown, batch: readonly M[]): number | Promise<number>;
  /** What it is true for need not be handled any more: it is dropped, while it waits, when the mailbox has grown. Left out: never. */
  isDead?(message: M): boolean;
};

/** Below this many a mailbox is not looked through. */
const smallestSweep = 256;

let spawned = 0;

/** An actor whose handler takes what waits, in one go: one handler call at a time, in the order of the tells.
 *
 *  On a calm pass of the event loop the handler runs in it, on a busy one in nact's next tick, or a tick later on, which lets more gather. The
 *  mailbox is ours and nact sees at most one message, a tick: so nact's unbounded mailbox, its silent loss on stop and its
 *  default supervision (which prints message bodies) have nothing to bite on. Actors are children of the system itself: a parent
 *  that gets messages costs O(children) for each of them. Names are numbers: nact refuses many characters. (ADR-007)
 *  Stopped by anything but `stop`, it goes on with the same mailbox as a new one of nact's: nact would drop every further tick without
 *  a word, and whoever waits for an answer would wait for ever. */
export class BatchActor<M> {
  readonly #system: ActorSystem;
  readonly #kind: string;
  readonly #handler: BatchHandler<M>;
  /** Nact's part of it; none before the first tick and while it rests. */
  #ref: nact.Ref<undefined> | undefined;
  #mailbox: M[] = [];
  #head = 0;
  /** At the head and in the handler's hands. */
  #handling = 0;
  #sweepAt = smallestSweep;
  #busy = false;
  /** It will tick, and has not yet. */
  #gathering = false;
  #running = false;
  #stopped = false;

  constructor(system: ActorSystem, kind: string, handler: BatchHandler<M>) {
    this.#system = system;
    this.#kind = kind;
    this.#handler = handler;
  }

  /** Told and not yet taken away by a handler. */
  get waiting(): number {
    return this.#mailbox.length - this.#head;
  }

  get busy(): boolean {
    return this.#busy;
  }

  tell(message: M): void {
    if (this.#stopped) return;
    this.#mailbox.push(message);
    if (this.waiting >= this.#sweepAt) this.#sweep();
    this.#system.passes.told();
    if (this.#gathering && this.waiting >= this.#handler.maxBatch) this.#tick();
    if (this.#busy) return;
    if (this.#system.passes.busy) this.#tickOnceGathered();
    else this.#runSoon();
  }

  /** Gives back, until the next message, what nact keeps of an actor (more than a kilobyte). Nothing while it is busy. */
  rest(): void {
    if (this.#busy || this.#ref === undefined) return;
    const ref = this.#ref;
    this.#ref = undefined;
    nact.stop(ref);
  }

  /** No handler call begins after this; a running one ends by itself. Returns what nobody will handle. Idempotent. */
  stop(): M[] {
    if (this.#stopped) return [];
    this.#stopped = true;
    if (this.#ref !== undefined) nact.stop(this.#ref);
    const left = this.#mailbox.slice(this.#head);
    this.#mailbox = [];
    this.#head = 0;
    return left;
  }

  #tickOnceGathered(): void {
    this.#busy = true;
    const { gathers = false, maxBatch } = this.#handler;
    this.#gathering = gathers && this.#system.passes.busy && this.waiting < maxBatch;
    if (!this.#gathering) this.#tick();
    else this.#system.passes.whenGathered(() => this.#tickIfGathering());
  }

  /** Not when a whole batch has come meanwhile: then it has ticked. */
  #tickIfGathering(): void {
    if (this.#gathering) this.#tick();
  }

  /** In nact's next tick, a pass of the event loop away. */
  #tick(): void {
    this.#gathering = false;
    if (this.#stopped || this.#system.stopped) return;
    this.#ref ??= this.#spawn();
    nact.dispatch(this.#ref, undefined);
  }

  /** In this pass of the event loop. With everybody's ticks in between, a command would wait for three passes before it is decided, and on a
   *  machine that others use as well each of them takes milliseconds. */
  #runSoon(): void {
    this.#busy = true;
    queueMicrotask(() => void this.#run());
  }

  #spawn(): nact.Ref<undefined> {
    const ref = nact.spawn(
      this.#system.ref,
      (state: undefined) => this.#run().then(() => state),
      `${this.#kind}-${++spawned}`,
      {
        // #run throws only when `crashed` does; going on is then all that is left
        onCrash: (_message: unknown, _error: unknown, context: { resume: symbol }) => context.resume,
        afterStop: () => this.#afterStop(ref),
      } as never,
    );
    return ref;
  }

  #afterStop(ref: nact.Ref<undefined>): void {
    if (this.#stopped || this.#ref !== ref) return;
    this.#ref = undefined;
    // Its tick has died with it; a handler that runs will send its own.
    if (this.#busy && !this.#running) this.#tick();
  }

  async #run(): Promise<void> {
    if (this.#stopped || this.#system.stopped) return;
    const batch = this.#mailbox.slice(this.#head, this.#head + this.#handler.maxBatch);
    if (batch.length === 0) {
      this.#busy = false; // all of it was swept away between the tick and now
      return;
    }
    this.#handling = batch.length;
    this.#running = true;
    let handled: number;
    try {
      const result = this.#handler.handle(batch);
      handled = typeof result === 'number' ? result : await result;
    } catch (error) {
      handled = await this.#crashed(error, batch);
    }
    this.#handling = 0;
    this.#running = false;
    if (this.#stopped) return;
    this.#take(handled);
    this.#busy = false;
    if (this.waiting > 0) this.#tickOnceGathered();
  }

  /** A throw of `crashed` itself is a defect that nobody may swallow: the actor could never go on. */
  async #crashed(error: unknown, batch: readonly M[]): Promise<number> {
    try {
      return await this.#handler.crashed(error, batch);
    } catch (defect) {
      setImmediate(() => {
        throw defect;
      });
      return batch.length;
    }
  }

  #take(count: number): void {
    // A mailbox that is never empty would keep them.
    this.#mailbox.fill(undefined as never, this.#head, this.#head + count);
    this.#head += count;
    if (this.#head === this.#mailbox.length) {
      this.#mailbox = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#mailbox.length) {
      this.#mailbox = this.#mailbox.slice(this.#head);
      this.#head = 0;
    }
  }

  /** Amortised O(1) a message: the next sweep comes when as many again have been told as this one has left. */
  #sweep(): void {
    const handler = this.#handler;
    if (handler.isDead === undefined) return;
    const firstFree = this.#head + this.#handling;
    this.#mailbox = this.#mailbox.filter(
      (message, index) => index >= this.#head && (index < firstFree || !handler.isDead!(message)),
    );
    this.#head = 0;
    this.#sweepAt = Math.max(smallestSweep, 2 * this.#mailbox.length);
  }
}
