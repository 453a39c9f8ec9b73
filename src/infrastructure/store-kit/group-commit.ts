import type { Decision } from '../../application/decision.ts';
import type { SessionLost } from '../../application/ports/chat-store.ts';

type Waiting = {
  readonly decisions: readonly Decision[];
  readonly resolve: () => void;
  readonly reject: (reason: SessionLost) => void;
};

export type GroupCommitOptions = {
  /** Stores all or nothing. What it throws is reported to `onRetry` and tried again. */
  readonly write: (decisions: readonly Decision[]) => void;
  /** One group is stored. */
  readonly onWritten?: ((decisions: number, ms: number) => void) | undefined;
  readonly onRetry?: ((error: unknown, afterMs: number) => void) | undefined;
  /** When the next group is written: by default at the end of this pass of the event loop. */
  readonly schedule?: ((flush: () => void) => void) | undefined;
};

/** One JSON text of a decision; the largest real one, a chat of 10,000 members with the longest ids, takes 0.9 MB. */
const maxDecisionBytes = 1024 * 1024;
const firstRetryMs = 20;
const lastRetryMs = 5_000;

/** Natural batching: everything committed in one pass of the event loop is written as one group. A group that fails is tried
 *  again, with what has come in meanwhile behind it, until it succeeds or the session ends; so the order never changes. */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #retryMs = firstRetryMs;
  #retry: NodeJS.Timeout | undefined;
  #ended: SessionLost | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  get ended(): SessionLost | undefined {
    return this.#ended;
  }

  /** Throws a RangeError when one of the decisions can never be stored; then none of them is. */
  commit(decisions: readonly Decision[]): Promise<void> {
    for (const decision of decisions) refuseTooBig(decision);
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ decisions, resolve, reject });
      this.#schedule();
    });
  }

  /** From now on nothing is written: what waits, and what comes, is rejected with `reason`. */
  end(reason: SessionLost): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    clearTimeout(this.#retry);
    for (const { reject } of this.#waiting.splice(0)) reject(reason);
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    const schedule = this.#options.schedule ?? setImmediate;
    schedule(() => this.#flush());
  }

  #flush(): void {
    if (this.#ended !== undefined) return;
    const beganMs = performance.now();
    const decisions = this.#waiting.flatMap((waiting) => waiting.decisions);
    try {
      this.#options.write(decisions);
    } catch (error) {
      this.#options.onRetry?.(error, this.#retryMs);
      this.#retry = setTimeout(() => this.#flush(), this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, lastRetryMs);
      return;
    }
    this.#options.onWritten?.(decisions.length, performance.now() - beganMs);
    const written = this.#waiting;
    this.#waiting = [];
    this.#scheduled = false;
    this.#retryMs = firstRetryMs;
    for (const { resolve } of written) resolve();
  }
}

/** A post is text and a few names, each bounded: only what lists members can be too big, and is worth measuring. */
const isSurelySmall = ({ outcome }: Decision): boolean =>
  outcome.kind === 'accepted' &&
  outcome.entries.every((entry) => entry.type === 'message.posted' && entry.body.length < maxDecisionBytes / 8);

const refuseTooBig = (decision: Decision): void => {
  if (isSurelySmall(decision)) return;
  const bytes = Buffer.byteLength(JSON.stringify(decision));
  if (bytes > maxDecisionBytes) {
    throw new RangeError(`a decision of ${bytes} bytes cannot be stored; the limit is ${maxDecisionBytes}`);
  }
};
