/** What one measurement of one contestant gives. */
export type Sample = {
  readonly operations: number;
  readonly wallMs: number;
  /** Microseconds of CPU time by process: all of them were spent for these operations. */
  readonly cpu: Readonly<Record<string, number>>;
};

/** Runs every contestant `passes` times twice a round, in the order A B … B A, so that a machine that gets slower or faster meanwhile favours
 *  nobody: the shorter the samples and the more the passes, the faster it may change. Resolves with one sample per round: all of it, added. */
export const interleaved = async <N extends string>(
  contestants: Readonly<Record<N, () => Promise<Sample>>>,
  rounds: number,
  passes = 1,
): Promise<Record<N, Sample[]>> => {
  const names = Object.keys(contestants) as N[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]])) as Record<N, Sample[]>;
  for (let round = 0; round < rounds; round++) {
    const sums = new Map<N, Sample>();
    const take = async (name: N) => {
      const sample = await contestants[name]();
      const sum = sums.get(name);
      sums.set(name, sum === undefined ? sample : added(sum, sample));
    };
    for (let pass = 0; pass < passes; pass++) {
      for (const name of names) await take(name);
      for (const name of names.toReversed()) await take(name);
    }
    for (const name of names) samples[name].push(sums.get(name)!);
  }
  return samples;
};

const added = (a: Sample, b: Sample): Sample => ({
  operations: a.operations + b.operations,
  wallMs: a.wallMs + b.wallMs,
  cpu: Object.fromEntries(Object.keys(a.cpu).map((name) => [name, a.cpu[name]! + b.cpu[name]!])),
});

/** Of one process, or of all. */
export const cpuPerOperation = ({ cpu, operations }: Sample, process?: string): number =>
  (process === undefined ? Object.values(cpu).reduce((sum, micros) => sum + micros, 0) : cpu[process]!) / operations;

export const perSecond = ({ operations, wallMs }: Sample): number => (operations * 1000) / wallMs;

/** value(over) ÷ value(under), round by round. */
export const ratiosOf = (
  over: readonly Sample[],
  under: readonly Sample[],
  value: (sample: Sample) => number,
): number[] => over.map((sample, round) => value(sample) / value(under[round]!));
