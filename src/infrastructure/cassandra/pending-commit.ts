import type { Decision } from '../../application/decision.ts';
import type { Projection } from './projection.ts';

/** One call of `commit`: done when all of its decisions are. */
export class PendingCommit {
  readonly promise: Promise<void>;
  #resolve!: () => void;
  #reject!: (reason: Error) => void;
  #remaining: number;
  readonly #onDone: (commit: PendingCommit) => void;

  constructor(decisions: number, onDone: (commit: PendingCommit) => void) {
    this.#remaining = decisions;
    this.#onDone = onDone;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  decisionDone(): void {
    if (--this.#remaining > 0) return;
    this.#onDone(this);
    this.#resolve();
  }

  reject(reason: Error): void {
    this.#reject(reason);
  }
}

/** A decision on its way to the journal: everything that can fail has been made of it. */
export type PendingDecision = {
  readonly decision: Decision;
  /** Empty once it lies in a group: it is the largest part, and what follows takes much longer. */
  json: Buffer;
  /** Undefined where nothing can fail when it is made. */
  readonly projection: Projection | undefined;
  readonly commit: { decisionDone(): void };
};
