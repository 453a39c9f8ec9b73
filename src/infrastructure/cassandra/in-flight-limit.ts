/** Bounds the requests in flight. Callbacks, not promises: it stands on the way of every message. */
export class InFlightLimit {
  #free: number;
  #waiting: ((() => void) | undefined)[] = [];
  #next = 0;

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Calls `start` when there is room; whoever was started calls `leave` once. */
  enter(start: () => void): void {
    if (this.#free > 0) {
      this.#free--;
      start();
    } else {
      this.#waiting.push(start);
    }
  }

  leave(): void {
    const start = this.#waiting[this.#next];
    if (start === undefined) {
      this.#free++;
      return;
    }
    this.#waiting[this.#next] = undefined;
    if (++this.#next === this.#waiting.length) {
      this.#waiting = [];
      this.#next = 0;
    } else if (this.#next >= 1024) {
      this.#waiting.splice(0, this.#next);
      this.#next = 0;
    }
    start();
  }
}
