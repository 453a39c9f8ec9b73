import { emptyGroup, type GroupSize, together } from './group-size.ts';

/** Decisions that wait for the journal, in their order. */
export class GroupQueue<P extends { readonly json: Buffer }> {
  #waiting: P[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  push(pending: P): void {
    this.#waiting.push(pending);
  }

  /** Everything that waits, as far as it fits into one append beside what is carried in it; at least one when nothing is. */
  takeGroup(carried: GroupSize = emptyGroup): P[] {
    let size: GroupSize | undefined = carried;
    let count = 0;
    for (const { json } of this.#waiting) {
      size = together(size, 1, json.byteLength);
      if (size === undefined) break;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  clear(): void {
    this.#waiting = [];
  }
}
