const firstMs = 200;
const mostMs = 10_000;

/** How long to wait before attempt `attempt + 1` (counted from 0): exponential from 0.2 to 10 s, between half and all of it, so
 *  that instances which lost the same server do not come back in step. */
export const backoffMs = (attempt: number, random: () => number = Math.random): number =>
  Math.min(mostMs, firstMs * 2 ** Math.min(attempt, 16)) * (0.5 + random() / 2);
