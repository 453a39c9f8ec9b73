import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import type { Random } from './random.ts';

/** A process of the simulated world. Its tasks do not run while it is paused, and never again once it is dead. */
export type Owner = { readonly name: string; state: 'running' | 'paused' | 'dead' };

/** What is no process: servers, networks, the run itself. */
export const world: Owner = { name: 'world', state: 'running' };

export type Task = {
  at: number;
  readonly turn: number;
  readonly owner: Owner;
  readonly run: () => void;
  cancelled: boolean;
};

const real = {
  setImmediate: globalThis.setImmediate,
  clearImmediate: globalThis.clearImmediate,
  setTimeout: globalThis.setTimeout,
  clearTimeout: globalThis.clearTimeout,
  random: Math.random,
  now: Date.now,
  randomUUID: crypto.randomUUID,
  timeout: AbortSignal.timeout,
  any: AbortSignal.any,
};
/** Bound at load: the scheduler goes on by itself while the globals are replaced. */
const nextPass = real.setImmediate;

/** Virtual time: one task after the other, ordered by time. Between two tasks all promise jobs run to their end (each task runs in
 *  an own pass of the real setImmediate), so whatever happens meanwhile belongs to the owner of the task. Nothing else decides
 *  the order than the seed. */
export class Scheduler {
  nowMs = 0;
  tasksRun = 0;
  current: Owner = world;
  readonly #random: Random;
  readonly #heap: Task[] = [];
  readonly #lastImmediate = new Map<Owner, number>();
  readonly #held = new Map<Owner, Task[]>();
  #turn = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** `run` in `ms`, as a task of `owner`. */
  after(ms: number, run: () => void, owner: Owner = this.current): Task {
    const task: Task = { at: this.nowMs + Math.max(0, ms), turn: this.#turn++, owner, run, cancelled: false };
    this.#push(task);
    return task;
  }

  /** First in, first out within one process; processes overtake each other. */
  #immediate(run: () => void): Task {
    const owner = this.current;
    const at = Math.max(this.#lastImmediate.get(owner) ?? 0, this.nowMs + this.#random.next() * 0.1);
    this.#lastImmediate.set(owner, at);
    return this.after(at - this.nowMs, run, owner);
  }

  pause(owner: Owner): void {
    if (owner.state === 'running') owner.state = 'paused';
  }

  /** What has come due meanwhile runs now, in its order. */
  resume(owner: Owner): void {
    if (owner.state !== 'paused') return;
    owner.state = 'running';
    const held = this.#held.get(owner) ?? [];
    this.#held.delete(owner);
    for (const task of held) {
      task.at = this.nowMs;
      this.#push(task);
    }
  }

  /** Runs tasks until `done` says so or `untilMs` is reached. */
  run(untilMs: number, done: () => boolean = () => false): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        try {
          if (done() || !this.#runNext(untilMs)) return resolve();
        } catch (error) {
          return reject(error);
        }
        nextPass(step);
      };
      nextPass(step);
    });
  }

  #runNext(untilMs: number): boolean {
    for (;;) {
      const task = this.#heap[0];
      if (task === undefined || task.at > untilMs) {
        this.nowMs = untilMs;
        return false;
      }
      this.#pop();
      if (task.cancelled || task.owner.state === 'dead') continue;
      if (task.owner.state === 'paused') {
        const held = this.#held.get(task.owner);
        if (held === undefined) this.#held.set(task.owner, [task]);
        else held.push(task);
        continue;
      }
      this.nowMs = Math.max(this.nowMs, task.at);
      this.tasksRun++;
      this.current = task.owner;
      task.run();
      return true;
    }
  }

  /** Replaces every global that could tell one run from another. Returns how to undo it. */
  install(wallMs: () => number): () => void {
    const globals = globalThis as unknown as Record<string, unknown>;
    globals.setImmediate = (run: (...args: unknown[]) => void, ...args: unknown[]) =>
      this.#immediate(() => run(...args));
    globals.setTimeout = (run: (...args: unknown[]) => void, ms = 0, ...args: unknown[]) =>
      this.after(ms, () => run(...args));
    const cancel = (task?: Task) => {
      if (task) task.cancelled = true;
    };
    globals.clearImmediate = cancel;
    globals.clearTimeout = cancel;
    Math.random = () => this.#random.next();
    Date.now = wallMs;
    crypto.randomUUID = (() => this.#random.uuid()) as typeof crypto.randomUUID;
    syncBuiltinESMExports();
    AbortSignal.timeout = (ms) => {
      const controller = new AbortController();
      this.after(ms, () => controller.abort(new DOMException('The operation timed out', 'TimeoutError')));
      return controller.signal;
    };
    // Node keeps its own for as long as somebody listens: processes that die would keep their whole world.
    AbortSignal.any = (signals) => {
      const controller = new AbortController();
      for (const signal of signals) {
        const abort = () => controller.abort(signal.reason);
        if (signal.aborted) abort();
        else signal.addEventListener('abort', abort, { once: true });
      }
      return controller.signal;
    };
    return () => {
      const { random, now, randomUUID, timeout, any, ...timers } = real;
      AbortSignal.timeout = timeout;
      AbortSignal.any = any;
      Object.assign(globals, timers);
      Math.random = random;
      Date.now = now;
      crypto.randomUUID = randomUUID;
      syncBuiltinESMExports();
    };
  }

  #push(task: Task): void {
    const heap = this.#heap;
    let index = heap.push(task) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(task, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = task;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

const before = (a: Task, b: Task): boolean => a.at < b.at || (a.at === b.at && a.turn < b.turn);
