import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { OpenBucket } from '../../../src/application/ports/chat-store.ts';
import { chatId, micros, rev, seq } from '../../../src/domain/ids.ts';
import { BucketSearch, bySeq } from '../../../src/infrastructure/cassandra/bucket-search.ts';
import { firstSince } from '../../../src/infrastructure/cassandra/time-search.ts';

const chat = chatId('c');

/** A chat's buckets of the given sizes, from number `first` on; a message every second, and what was asked of it. */
const chatOf = (sizes: readonly number[], first = 0) => {
  const buckets: OpenBucket[] = [];
  let next = 1;
  for (const [index, size] of sizes.entries()) {
    buckets.push({
      bucket: first + index,
      firstSeq: seq(next),
      firstRev: rev(next),
      startedAt: micros(next * 1_000_000),
    });
    next += size;
  }
  const asked = { looks: 0, times: 0 };
  const log = {
    bucketsBelow: async (_: string, below: number, limit: number) => {
      asked.looks++;
      return buckets
        .filter(({ bucket }) => bucket < below)
        .reverse()
        .slice(0, limit);
    },
    bucketsFrom: async (_: string, from: number, limit: number) => {
      asked.looks++;
      return buckets.filter(({ bucket }) => bucket >= from).slice(0, limit);
    },
    postTimes: async (_: string, bucket: number, seqs: readonly number[]) => {
      asked.times++;
      const [own, after] = [bucket - first, bucket - first + 1];
      const end = buckets[after]?.firstSeq ?? next;
      return seqs
        .filter((at) => at >= buckets[own]!.firstSeq && at < end)
        .map((at) => ({ seq: at, at: at * 1_000_000 }));
    },
  };
  const extent = { firstBucket: first, openBucket: first + sizes.length - 1, nextRev: undefined };
  const search = (known = [...new Set([...buckets.slice(0, 8), buckets.at(-1)!])]) =>
    new BucketSearch(log, chat, extent, known);
  /** Newest first; of those that begin at or before `low` only the newest. */
  const expected = (low: number, high: number) => {
    const from = buckets.findLastIndex(({ firstSeq }) => firstSeq <= low);
    return buckets
      .slice(Math.max(from, 0))
      .filter(({ firstSeq }) => firstSeq <= high)
      .reverse();
  };
  return { buckets, log, search, asked, expected, next, extent };
};

const evenly = (count: number, size: number) => Array.from({ length: count }, () => size);

describe('searching buckets', () => {
  it.each([
    ['even ones', evenly(60, 20), 0],
    ['whose first ones were dropped', evenly(60, 20), 40],
    ['of one message each', evenly(150, 1), 0],
    ['without messages now and then', Array.from({ length: 50 }, (_, index) => (index % 3 === 0 ? 0 : 7)), 0],
    ['that grew a thousandfold', Array.from({ length: 40 }, (_, index) => Math.ceil(1.2 ** index)), 0],
    ['one alone', [5], 0],
  ] as const)('finds what holds any range of messages: %s', async (_, sizes, first) => {
    const { search, expected, next } = chatOf(sizes, first);
    const step = Math.max(1, Math.floor(next / 150));
    for (let low = 1; low < next; low += step)
      for (const length of [1, 3, 60, 100]) {
        const high = Math.min(low + length - 1, next - 1);
        expect(await search().covering(low, high)).toEqual(expected(low, high));
      }
  });

  it('finds it whatever is known besides the open one', async () => {
    const { search, buckets, expected, next } = chatOf([...evenly(20, 3), 0, 0, ...evenly(20, 4)], 5);
    await fc.assert(
      fc.asyncProperty(
        fc.subarray(buckets.slice(0, -1)),
        fc.integer({ min: 1, max: next - 1 }),
        fc.integer({ min: 0, max: 99 }),
        async (some, low, more) => {
          const high = Math.min(low + more, next - 1);
          const one = search([...some, buckets.at(-1)!]);
          expect(await one.covering(low, high)).toEqual(expected(low, high));
          expect(one.known).toEqual(buckets.filter((bucket) => one.known.includes(bucket)));
        },
      ),
    );
  });

  it('takes one look in a long chat of an even pace, none at its ends', async () => {
    const { search, asked, expected } = chatOf(evenly(500, 20_000));
    expect(await search().covering(5_000_000, 5_000_049)).toEqual(expected(5_000_000, 5_000_049));
    expect(asked.looks).toBe(1);
    await search().covering(1, 50);
    await search().covering(9_999_900, 9_999_950);
    expect(asked.looks).toBe(1);
  });

  it('looks no more often than halving would, whatever the pace', async () => {
    const { search, asked, expected } = chatOf([...evenly(1_000, 1), ...evenly(24, 1_000_000)]);
    expect(await search().covering(900, 900)).toEqual(expected(900, 900));
    expect(asked.looks).toBeLessThanOrEqual(16);
  });

  it('finds nothing where the row of a bucket is not there yet', async () => {
    const { search, buckets } = chatOf(evenly(30, 20));
    buckets.splice(28, 1);
    await expect(search().covering(565, 565)).rejects.toThrow('begin or are dropped just now');
    await expect(search(buckets.slice()).covering(541, 600)).rejects.toThrow('begin or are dropped just now');
    expect(await search().covering(521, 539)).toEqual([buckets[26]]);
  });

  it('knows again what it has found', async () => {
    const { search, asked } = chatOf(evenly(100, 20));
    const one = search();
    await one.last(bySeq, 1_000);
    await one.covering(1_000, 1_010);
    expect(asked.looks).toBe(1);
  });

  it('names the oldest bucket for what lies before all of them', async () => {
    const { search, buckets } = chatOf(evenly(30, 20));
    expect(await search().last(bySeq, 0)).toEqual({ bucket: buckets[0], next: buckets[1] });
  });
});

describe('searching a time', () => {
  const timeOf = (at: number) => micros(at * 1_000_000);

  it.each([
    ['many buckets', evenly(60, 50)],
    ['one bucket', [700]],
    ['buckets without messages', Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? 0 : 11))],
  ])('finds the first message posted then or later: %s', async (_, sizes) => {
    const { log, search, next } = chatOf(sizes);
    const newest = { seq: next - 1, at: timeOf(next - 1) };
    for (let at = 1; at < next; at += 3) {
      expect(await firstSince(log, chat, timeOf(at), search(), newest)).toBe(at);
      expect(await firstSince(log, chat, micros(timeOf(at) + 1), search(), newest)).toBe(at + 1);
    }
    expect(await firstSince(log, chat, micros(0), search(), newest)).toBe(1);
  });

  it('finds it whatever is known besides the open one', async () => {
    const { log, search, buckets, next } = chatOf([0, 0, ...evenly(12, 3), 0, ...evenly(12, 4)], 5);
    const newest = { seq: next - 1, at: timeOf(next - 1) };
    await fc.assert(
      fc.asyncProperty(fc.subarray(buckets.slice(0, -1)), fc.integer({ min: 0, max: next - 1 }), async (some, at) => {
        const found = await firstSince(log, chat, timeOf(at), search([...some, buckets.at(-1)!]), newest);
        expect(found).toBe(Math.max(at, 1));
      }),
    );
  });

  it('looks once where messages come evenly', async () => {
    const { log, search, asked, next } = chatOf(evenly(50, 20_000));
    await firstSince(log, chat, timeOf(512_345), search(), { seq: next - 1, at: timeOf(next - 1) });
    expect(asked.times).toBe(1);
  });
});
