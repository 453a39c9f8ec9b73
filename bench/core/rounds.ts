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

/** Above this share of the processors' time that the host gave to others a pass is disturbed: everything that ran in it waited for them. */
const maxStolen = 0.01;

/** Passes of this process: those that were disturbed, and those that do not count. */
export const tally = { taken: 0, disturbed: 0, dropped: 0 };

/** Runs every contestant `passes` times twice a round, in the order A B … B A, so that a machine that gets slower or faster meanwhile favours
 *  nobody: the shorter the samples and the more the passes, the faster it may change. For a pass that the host of the machine has disturbed another one
 *  is taken, half as many a round as it has passes; the least disturbed count. Resolves with one sample per round: all of it, added. */
export const interleaved = async <N extends string>(
  contestants: Readonly<Record<N, () => Promise<Sample>>>,
  rounds: number,
  passes = 1,
): Promise<Record<N, Sample[]>> => {
  const names = Object.keys(contestants) as N[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as Sample[]])) as Record<N, Sample[]>;
  for (let round = 0; round < rounds; round++) {
    const found: { readonly pass: readonly Sample[]; readonly stolen: number }[] = [];
    const calm = () => found.filter(({ stolen }) => stolen <= maxStolen).length;
    while (calm() < passes && found.length < Math.ceil(1.5 * passes)) {
      const stolenSince = watchStolen();
      const pass = await onePass(Object.values(contestants));
      found.push({ pass, stolen: stolenSince() });
    }
    tally.taken += found.length;
    tally.disturbed += found.length - calm();
    tally.dropped += found.length - passes;
    const kept = found.toSorted((a, b) => a.stolen - b.stolen).slice(0, passes);
    for (const [index, name] of names.entries()) samples[name].push(kept.map(({ pass }) => pass[index]!).reduce(added));
  }
  return samples;
};

const onePass = async (contestants: readonly (() => Promise<Sample>)[]): Promise<readonly Sample[]> => {
  const pass: Sample[] = [];
  for (const contestant of contestants) pass.push(await contestant());
  for (const [index, contestant] of [...contestants.entries()].toReversed())
    pass[index] = added(pass[index]!, await contestant());
  return pass;
};

/** Compiled code before anything counts. */
export const warmUp = async (
  contestants: Readonly<Record<string, () => Promise<Sample>>>,
  passes: number,
): Promise<void> => {
  for (let pass = 0; pass < passes; pass++) await onePass(Object.values(contestants));
};

/** Takes one sample; again, twice at most, when the host has disturbed it. */
export const takenCalmly = async (take: () => Promise<Sample>): Promise<Sample> => {
  for (let tries = 2; ; tries--) {
    const stolenSince = watchStolen();
    const sample = await take();
    if (tries === 0 || stolenSince() <= maxStolen) return sample;
  }
};

export const added = (a: Sample, b: Sample): Sample => ({
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
