/** After this long the deliveries above an unsettled one are acked singly, so that one blocked chat does not eat the window. */
export const gapPatienceMs = 1_000;

/** Which acks one channel sends. Deliveries are registered in order and settled in any; what is settled without a gap from the
 *  lowest unsettled one on is acked with one `multiple`. It never covers an unsettled delivery, and acks each exactly once.
 *  Hot path: a ring of the outstanding tags (at most the prefetch count) in typed arrays, nothing allocated per delivery. */
export class AckTracker {
  readonly #ack: (tag: number, multiple: boolean) => void;
  #tags: Float64Array;
  #done: Uint8Array;
  #deliveredMs: Float64Array;
  #mask: number;
  #head = 0;
  #count = 0;
  #ready = 0;
  /** Since when the lowest outstanding one has been holding back others; NaN when it holds back none. */
  #gapSinceMs = Number.NaN;

  constructor(ack: (tag: number, multiple: boolean) => void, prefetch: number) {
    const size = 2 ** Math.ceil(Math.log2(Math.max(prefetch, 2)));
    this.#ack = ack;
    this.#tags = new Float64Array(size);
    this.#done = new Uint8Array(size);
    this.#deliveredMs = new Float64Array(size);
    this.#mask = size - 1;
  }

  /** Settled, not yet acked. */
  get ready(): number {
    return this.#ready;
  }

  get unsettled(): number {
    return this.#count - this.#ready;
  }

  /** When the oldest unsettled one was delivered; undefined when everything is settled. */
  get oldestMs(): number | undefined {
    for (let i = 0; i < this.#count; i++) {
      const at = (this.#head + i) & this.#mask;
      if (this.#done[at] === 0) return this.#deliveredMs[at];
    }
    return undefined;
  }

  /** Tags grow. */
  delivered(tag: number, nowMs: number): void {
    if (this.#count > this.#mask) this.#grow();
    const at = (this.#head + this.#count++) & this.#mask;
    this.#tags[at] = tag;
    this.#done[at] = 0;
    this.#deliveredMs[at] = nowMs;
  }

  /** Once per tag; a second time, or for a tag that is not outstanding, it does nothing. */
  settled(tag: number): void {
    const at = this.#find(tag);
    if (at < 0 || this.#done[at] === 1) return;
    this.#done[at] = 1;
    this.#ready++;
  }

  /** Sends what may be sent; with `everything` also what lies above a young gap. */
  flush(nowMs: number, everything = false): void {
    if (this.#ready === 0) return;
    const moved = this.#ackContiguous();
    if (moved) this.#gapSinceMs = Number.NaN;
    if (this.#ready === 0) return;
    if (Number.isNaN(this.#gapSinceMs)) this.#gapSinceMs = nowMs;
    if (everything || nowMs - this.#gapSinceMs >= gapPatienceMs) this.#ackAboveGap();
  }

  #ackContiguous(): boolean {
    let last = 0;
    let taken = 0;
    while (this.#count > 0 && this.#done[this.#head] === 1) {
      last = this.#tags[this.#head]!;
      this.#head = (this.#head + 1) & this.#mask;
      this.#count--;
      taken++;
    }
    if (taken === 0) return false;
    this.#ready -= taken;
    this.#ack(last, taken > 1);
    return true;
  }

  #ackAboveGap(): void {
    let kept = 0;
    for (let i = 0; i < this.#count; i++) {
      const from = (this.#head + i) & this.#mask;
      if (this.#done[from] === 1) {
        this.#ack(this.#tags[from]!, false);
      } else {
        const to = (this.#head + kept++) & this.#mask;
        this.#tags[to] = this.#tags[from]!;
        this.#done[to] = 0;
        this.#deliveredMs[to] = this.#deliveredMs[from]!;
      }
    }
    this.#count = kept;
    this.#ready = 0;
  }

  /** Tags are sorted: binary search over the ring. */
  #find(tag: number): number {
    let low = 0;
    let high = this.#count - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const at = (this.#head + middle) & this.#mask;
      const found = this.#tags[at]!;
      if (found === tag) return at;
      if (found < tag) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  }

  #grow(): void {
    const size = (this.#mask + 1) * 2;
    const tags = new Float64Array(size);
    const done = new Uint8Array(size);
    const deliveredMs = new Float64Array(size);
    for (let i = 0; i < this.#count; i++) {
      const at = (this.#head + i) & this.#mask;
      tags[i] = this.#tags[at]!;
      done[i] = this.#done[at]!;
      deliveredMs[i] = this.#deliveredMs[at]!;
    }
    this.#tags = tags;
    this.#done = done;
    this.#deliveredMs = deliveredMs;
    this.#mask = size - 1;
    this.#head = 0;
  }
}
