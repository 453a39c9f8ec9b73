import type { LocalStack } from './local-stack.ts';

/** What one run of a benchmark hands back, and --json writes. */
export type BenchResult = {
  readonly name: string;
  readonly at: string;
  readonly quick: boolean;
  readonly machine: Readonly<Record<string, string>>;
  /** Keys of bench/core/targets.ts and others. `rounds` is how many. */
  readonly ratios: Readonly<Record<string, Ratio>>;
  /** Keys whose figure was measured and must not be believed, and why. */
  readonly refused: Readonly<Record<string, string>>;
  /** By contestant, then by process. */
  readonly cpuMicrosPerMessage: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly tables: readonly Table[];
  readonly curves: readonly Curve[];
  /** What a reader needs to know besides: durability, sizes, losing points. */
  readonly notes: readonly string[];
};

export type Ratio = { readonly min: number; readonly median: number; readonly max: number; readonly rounds: number };

export type Table = {
  readonly title: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
};

/** Points that are worth a plot. */
export type Curve = {
  readonly title: string;
  readonly x: string;
  readonly y: string;
  readonly logX: boolean;
  readonly points: readonly { readonly series: string; readonly x: number; readonly y: number }[];
};

export type BenchContext = {
  /** Short rounds and small sets: for trying a benchmark out, never for a figure. */
  readonly quick: boolean;
  readonly rounds: number;
  /** The local stack, started unless it runs. */
  stack(): Promise<LocalStack>;
  /** Run in reverse order at the end, however that comes. */
  onEnd(cleanUp: () => Promise<void> | void): void;
  log(line: string): void;
};

export type Bench = {
  readonly about: string;
  /** The run is ended after this long. */
  readonly maxMinutes: number;
  run(context: BenchContext): Promise<Omit<BenchResult, 'name' | 'at' | 'quick' | 'machine'>>;
};
