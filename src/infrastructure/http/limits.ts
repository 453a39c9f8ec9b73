/** Bytes of a request's body. */
export const bodyLimitBytes = 64 * 1024;
/** Receiving a request; a slow sender ends with 408. */
export const requestTimeoutMs = 10_000;
/** A connection on which nothing moves. */
export const connectionTimeoutMs = 30_000;

export type Timeouts = {
  /** A command's outcome; then the answer is OUTCOME_UNKNOWN. */
  readonly command: number;
  /** A whole request, from routing to the answer: a command, and its chat read back. */
  readonly handler: number;
  /** One dependency's check behind /readyz. */
  readonly check: number;
};
export const timeoutsMs: Timeouts = { command: 10_000, handler: 15_000, check: 2_000 };
