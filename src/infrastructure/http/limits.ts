/** Bytes of a request's body. */
export const bodyLimitBytes = 64 * 1024;
/** Bytes of all headers together, and how many. */
export const maxHeaderBytes = 16 * 1024;
export const maxHeaders = 100;
/** How often the server looks for connections that have taken too long; Node's own 30 s would let a slow sender have four times
 *  what it is allowed. */
export const timeoutCheckMs = 1_000;
/** A connection on which nothing moves. */
export const connectionTimeoutMs = 30_000;

export type Timeouts = {
  /** A command's outcome; then the answer is OUTCOME_UNKNOWN. */
  readonly command: number;
  /** A whole request, from routing to the answer: a command, and its chat read back. */
  readonly handler: number;
  /** Receiving a whole request; a slow sender ends with 408. */
  readonly request: number;
  /** One dependency's check behind /readyz. */
  readonly check: number;
};
export const timeoutsMs: Timeouts = { command: 10_000, handler: 15_000, request: 10_000, check: 2_000 };
