import { beforeEach, expect, it, vi } from 'vitest';
import { interleaved, newHistogram, type Sample, takenCalmly, tally, warmUp } from '../../../bench/core/rounds.ts';

/** Of each pass or try, in turn; nothing once they are used up. */
let stolen: number[] = [];
vi.mock('../../../bench/process-cpu.ts', () => ({ watchStolen: () => () => stolen.shift() ?? 0 }));

let order: string[] = [];
/** The n-th sample of all takes n milliseconds. */
const contestant =
  (name: string, more: () => Partial<Sample> = () => ({})) =>
  async (): Promise<Sample> => {
    order.push(name);
    return { operations: 1, wallMs: order.length, cpu: { service: 10 }, ...more() };
  };

beforeEach(() => {
  stolen = [];
  order = [];
  tally.taken = tally.disturbed = tally.dropped = 0;
});

it('runs everybody twice a pass, forwards and backwards, and adds up a round', async () => {
  const found = await interleaved({ a: contestant('a'), b: contestant('b') }, 2, 2);
  expect(order.join('')).toBe('abba'.repeat(4));
  expect(found.a.map(({ operations, cpu }) => [operations, cpu])).toEqual([
    [4, { service: 40 }],
    [4, { service: 40 }],
  ]);
  expect(found.a.map(({ wallMs }) => wallMs)).toEqual([1 + 4 + 5 + 8, 9 + 12 + 13 + 16]);
});

it('replaces a pass that the host has disturbed, for everybody', async () => {
  stolen = [0, 0.02, 0.01];
  const found = await interleaved({ a: contestant('a'), b: contestant('b') }, 1, 2);
  expect(tally).toEqual({ taken: 3, disturbed: 1, dropped: 1 });
  for (const [sample] of [found.a, found.b]) expect(sample!.operations).toBe(4);
  expect([found.a[0]!.wallMs, found.b[0]!.wallMs]).toEqual([1 + 4 + 9 + 12, 2 + 3 + 10 + 11]);
});

it('takes half as many again on a machine that is never quiet, keeps the least disturbed, and says that they were', async () => {
  stolen = [0.05, 0.03, 0.9, 0.02, 0.8, 0.04, 0.3, 0.2, 0.1];
  const found = await interleaved({ a: contestant('a') }, 1, 4);
  expect(order).toHaveLength(12);
  expect(found.a[0]!.wallMs).toBe(1 + 2 + (3 + 4) + (7 + 8) + (11 + 12));
  expect(tally).toEqual({ taken: 6, disturbed: 6, dropped: 2 });
});

it('says of a round that its generator starved in it', async () => {
  let first = true;
  const starving = contestant('a', () => {
    const starved = first;
    first = false;
    return { starved };
  });
  const found = await interleaved({ a: starving }, 2, 3);
  expect(found.a.map(({ starved }) => starved)).toEqual([true, false]);
});

it('puts the times of a round together', async () => {
  const micros = [100, 200, 300, 400].map((value) => {
    const histogram = newHistogram();
    histogram.recordValue(value);
    return histogram;
  });
  const found = await interleaved({ a: contestant('a', () => ({ micros: micros.shift()! })) }, 1, 2);
  const whole = found.a[0]!.micros!;
  expect([whole.totalCount, whole.getValueAtPercentile(50), whole.maxValue]).toEqual([4, 200, 400]);
});

it('warms up without a look at the host', async () => {
  stolen = [1];
  await warmUp({ a: contestant('a'), b: contestant('b') }, 6);
  expect(order.join('')).toBe('abba'.repeat(6));
  expect([stolen, tally.taken]).toEqual([[1], 0]);
});

it('takes a single sample again, twice at most', async () => {
  stolen = [0.5, 0];
  expect((await takenCalmly(contestant('a'))).wallMs).toBe(2);
  stolen = [0.5, 0.5, 0.5, 0.5];
  expect((await takenCalmly(contestant('a'))).wallMs).toBe(5);
});
