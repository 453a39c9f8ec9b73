import { beforeEach, expect, it, vi } from 'vitest';
import { interleaved, newHistogram, passes, type Sample } from '../../../bench/core/rounds.ts';

/** Of each pass, in turn; nothing once they are used up. */
let stolen: number[] = [];
vi.mock('../../../bench/process-cpu.ts', () => ({ watchStolen: () => () => stolen.shift() ?? 0 }));

let order: string[] = [];
const contestant =
  (name: string, more: () => Partial<Sample> = () => ({})) =>
  async (): Promise<Sample> => {
    order.push(name);
    return { operations: 1, wallMs: order.length, cpu: { service: 10 }, ...more() };
  };

beforeEach(() => {
  stolen = [];
  order = [];
  passes.taken = passes.dropped = 0;
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

it('takes a pass again that others on the host have disturbed, for everybody', async () => {
  stolen = [0, 0.02, 0];
  const found = await interleaved({ a: contestant('a'), b: contestant('b') }, 1, 2);
  expect(passes).toEqual({ taken: 3, dropped: 1 });
  for (const [sample] of [found.a, found.b]) expect(sample!.operations).toBe(4);
  expect(found.a[0]!.wallMs).toBe(1 + 4 + 9 + 12);
});

it('takes a pass again in which the generator starved, and says so when it starves for ever', async () => {
  let starvations = 1;
  const now = await interleaved({ a: contestant('a', () => ({ starved: starvations-- > 0 })) }, 1, 3);
  expect([now.a[0]!.starved, passes.dropped]).toEqual([false, 1]);
  const always = await interleaved({ a: contestant('a', () => ({ starved: true })) }, 2, 3);
  expect([always.a.map(({ starved }) => starved), passes.dropped]).toEqual([[true, true], 1 + 6]);
});

it('keeps at most half of what it takes from a machine that is never quiet', async () => {
  stolen = Array(100).fill(1);
  const found = await interleaved({ a: contestant('a') }, 3, 2);
  expect(found.a.map(({ operations }) => operations)).toEqual([4, 4, 4]);
  expect(passes).toEqual({ taken: 12, dropped: 6 });
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
