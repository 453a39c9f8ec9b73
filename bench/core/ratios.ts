import type { Ratio } from './bench.ts';

/** Above this the rounds say more about the machine than about what is measured: (max − min) ÷ median. */
const maxSpread = 0.25;

export const median = (values: readonly number[]): number => {
  if (values.length === 0) throw new RangeError('the median of nothing');
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};

/** Of one ratio per round. */
export const ratioOf = (rounds: readonly number[]): Ratio => ({
  min: Math.min(...rounds),
  median: median(rounds),
  max: Math.max(...rounds),
  rounds: rounds.length,
});

const spreadOf = ({ min, median, max }: Ratio): number => Math.abs((max - min) / median);

/** Figures that may be shown, and those that may not. A key that was refused once stays refused. */
export class Ratios {
  readonly accepted: Record<string, Ratio> = {};
  readonly refused: Record<string, string> = {};

  /** `problem`: why the rounds cannot count, if they cannot. `slack`: of differences, which may be near nothing: as far apart as this is
   *  near enough. */
  add(
    key: string,
    rounds: readonly number[],
    { problem, slack = 0 }: { problem?: string | undefined; slack?: number } = {},
  ): void {
    const ratio = ratioOf(rounds);
    const spread = spreadOf(ratio);
    if (problem !== undefined) this.refused[key] = problem;
    else if (!rounds.every(Number.isFinite)) this.refused[key] = 'a round measured nothing';
    else if (spread > maxSpread && ratio.max - ratio.min > slack)
      this.refused[key] = `the ${rounds.length} rounds spread by ${Math.round(spread * 100)} % (at most 25)`;
    else this.accepted[key] = ratio;
  }

  /** A single figure, counted and not timed. */
  count(key: string, value: number): void {
    this.accepted[key] = { min: value, median: value, max: value, rounds: 1 };
  }
}

/** Slope of y over x on logarithmic scales, by least squares: 0 is flat, 1 is proportional. */
export const logSlope = (points: readonly { readonly x: number; readonly y: number }[]): number => {
  const logs = points.map(({ x, y }) => [Math.log(x), Math.log(y)] as const);
  const meanX = logs.reduce((sum, [x]) => sum + x, 0) / logs.length;
  const meanY = logs.reduce((sum, [, y]) => sum + y, 0) / logs.length;
  const covariance = logs.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / logs.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
};
