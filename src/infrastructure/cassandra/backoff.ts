/** Milliseconds to wait before try number `attempt` + 1: 50, 100 … 1,000, and of that a random half to whole. */
export const backoffMs = (attempt: number): number =>
  Math.min(1_000, 50 * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);
