import type { PendingDecision } from './pending-commit.ts';

const maxDecisions = 512;
/** Characters before compression. */
const maxLength = 256 * 1024;

/** Decisions that wait for the journal, in their order. */
export class GroupQueue {
  #waiting: PendingDecision[] = [];

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  push(pending: PendingDecision): void {
    this.#waiting.push(pending);
  }

  /** Everything that waits, as far as it fits into one append; at least one. */
  takeGroup(): PendingDecision[] {
    let length = 0;
    let count = 0;
    for (const { text } of this.#waiting) {
      if (count > 0 && (count === maxDecisions || length + text.length > maxLength)) break;
      length += text.length;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  clear(): void {
    this.#waiting = [];
  }
}
