import nact from 'nact';
import type { ActorSystem } from './actor-system.ts';

/** An actor whose handler takes what waits, in one go. One handler call at a time, in the order of the tells. */
export type BatchActor<M> = {
  tell(message: M): void;
  /** Told and not yet taken away by a handler. */
  readonly waiting: number;
  readonly busy: boolean;
  /** No handler call begins after this; a running one ends by itself. Returns what nobody will handle. Idempotent. */
  stop(): M[];
};

export type BatchHandler<M> = {
  readonly maxBatch: number;
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

/** The mailbox is ours and nact sees at most one message, a tick: so nact's unbounded mailbox, its silent loss on stop and its
 *  default supervision (which prints message bodies) have nothing to bite on. Actors are children of the system itself: a parent
 *  that gets messages costs O(children) for each of them. Names are numbers: nact refuses many characters. (ADR-007)
 *  Stopped by anything but `stop`, it is spawned anew and goes on with the same mailbox: nact would drop every further tick without
 *  a word, and whoever waits for an answer would wait for ever. */
export const spawnBatchActor = <M>(system: ActorSystem, kind: string, handler: BatchHandler<M>): BatchActor<M> => {
  let mailbox: M[] = [];
  let head = 0;
  /** At the head and in the handler's hands. */
  let handling = 0;
  let sweepAt = smallestSweep;
  let busy = false;
  let running = false;
  let stopped = false;

  const take = (count: number) => {
    head += count;
    if (head === mailbox.length) {
      mailbox = [];
      head = 0;
    } else if (head > 1024 && head * 2 > mailbox.length) {
      mailbox = mailbox.slice(head);
      head = 0;
    }
  };

  /** Amortised O(1) a message: the next sweep comes when as many again have been told as this one has left. */
  const sweep = (isDead: (message: M) => boolean) => {
    const firstFree = head + handling;
    mailbox = mailbox.filter((message, index) => index >= head && (index < firstFree || !isDead(message)));
    head = 0;
    sweepAt = Math.max(smallestSweep, 2 * mailbox.length);
  };

  /** A throw of `crashed` itself is a defect that nobody may swallow: the actor could never go on. */
  const crashed = async (error: unknown, batch: readonly M[]) => {
    try {
      return await handler.crashed(error, batch);
    } catch (defect) {
      setImmediate(() => {
        throw defect;
      });
      return batch.length;
    }
  };

  const run = async () => {
    const batch = mailbox.slice(head, head + handler.maxBatch);
    if (batch.length === 0) {
      busy = false; // all of it was swept away between the tick and now
      return;
    }
    handling = batch.length;
    running = true;
    let handled: number;
    try {
      const result = handler.handle(batch);
      handled = typeof result === 'number' ? result : await result;
    } catch (error) {
      handled = await crashed(error, batch);
    }
    handling = 0;
    running = false;
    if (stopped) return;
    take(handled);
    busy = false;
    if (head < mailbox.length) tick();
  };

  const spawn = () =>
    nact.spawn(system.ref, (state: undefined) => run().then(() => state), `${kind}-${++spawned}`, {
      // run() throws only when `crashed` does; going on is then all that is left
      onCrash: (_message: unknown, _error: unknown, context: { resume: symbol }) => context.resume,
      afterStop: () => {
        if (stopped || system.stopped) return;
        ref = spawn();
        // Its tick has died with it; a handler that runs will send its own.
        if (busy && !running) tick();
      },
    } as never);
  let ref = spawn();

  const tick = () => {
    busy = true;
    nact.dispatch(ref, undefined as never);
  };

  return {
    tell: (message) => {
      if (stopped) return;
      mailbox.push(message);
      if (handler.isDead !== undefined && mailbox.length - head >= sweepAt) sweep(handler.isDead);
      if (!busy) tick();
    },
    get waiting() {
      return mailbox.length - head;
    },
    get busy() {
      return busy;
    },
    stop: () => {
      if (stopped) return [];
      stopped = true;
      nact.stop(ref);
      const left = mailbox.slice(head);
      mailbox = [];
      head = 0;
      return left;
    },
  };
};
