import { build, type Histogram } from 'hdr-histogram-js';
import { watchStolen } from '../process-cpu.ts';

/** What one measurement of one contestant gives. */
export type Sample = {
  readonly operations: number;
  readonly wallMs: number;
  /** Microseconds of CPU time by process: all of them were spent for these operations. */
  readonly cpu: Readonly<Record<string, number>>;
  /** How long each of them took, in microseconds, where that was measured. */
  readonly micros?: Histogram;
  /** The generator did not keep up. */
  readonly starved?: boolean;
};

export const newHistogram = (): Histogram =>
  build({ lowestDiscernibleValue: 1, highestTrackableValue: 60_000_000, numberOfSignificantValueDigits: 3 });

/** A pass of which others on the same host took more than this is not kept: everything that ran then waited for them. */
const maxStolen = 0.01;

/** Passes of this process, and those that were not kept. */
export const passes = { taken: 0, dropped: 0 };

/** Runs every contestant `count` times twice a round, in the order A B … B A, so that a machine that gets slower or faster meanwhile favours
 *  nobody: the shorter the samples and the more the passes, the faster it may change. A pass in which the host gave the processors to others, or
 *  the generator did not keep up, is taken again, up to `spares` times a round. Resolves with one sample per round: all of it, added. */
export const interleaved = async <N extends string>(
  contestants: Readonly<Record<N, () => Promise<Sample>>>,
  rounds: number,
  count = 1,
  spares = count,
): Promise<Record<N, Sample[]>> => {
  const names = Object.keys(contestants) as N[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]])) as Record<N, Sample[]>;
  for (let round = 0; round < rounds; round++) {
    let spare = spares;
    const found: Sample[][] = [];
    while (found.length < count) {
      const stolen = watchStolen();
      const pass: Sample[] = [];
      for (const name of names) pass.push(await contestants[name]());
      for (const [index, name] of [...names.entries()].toReversed())
        pass[index] = added(pass[index]!, await contestants[name]());
      passes.taken++;
      const disturbed = stolen() > maxStolen || pass.some(({ starved }) => starved);
      if (disturbed && spare-- > 0) passes.dropped++;
      else found.push(pass);
    }
    for (const [index, name] of names.entries()) samples[name].push(found.map((pass) => pass[index]!).reduce(added));
  }
  return samples;
};

/** Compiled code before anything counts. */
export const warmUp = async (
  contestants: Readonly<Record<string, () => Promise<Sample>>>,
  rounds: number,
  count = 1,
): Promise<void> => {
  const { taken } = passes;
  await interleaved(contestants, rounds, count, 0);
  passes.taken = taken;
};

const added = (a: Sample, b: Sample): Sample => ({
  operations: a.operations + b.operations,
  wallMs: a.wallMs + b.wallMs,
  cpu: Object.fromEntries(Object.keys(a.cpu).map((name) => [name, a.cpu[name]! + b.cpu[name]!])),
  ...(a.micros && b.micros && { micros: both(a.micros, b.micros) }),
  starved: (a.starved || b.starved) ?? false,
});

const both = (a: Histogram, b: Histogram): Histogram => {
  const whole = newHistogram();
  whole.add(a);
  whole.add(b);
  return whole;
};

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
