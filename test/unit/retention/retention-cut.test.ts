import { describe, expect, it } from 'vitest';
import type { OpenBucket } from '../../../src/application/ports/chat-store.ts';
import { bucketsToCut, retentionCut } from '../../../src/application/use-cases/retention-cut.ts';
import { maxTrimmedBuckets } from '../../../src/domain/chat/command.ts';
import { micros, rev, seq } from '../../../src/domain/ids.ts';

/** Buckets that were begun at these times, each with ten messages, or as many as are said. */
const begunAt = (times: readonly number[], messages: readonly number[] = []): OpenBucket[] => {
  let firstSeq = 1;
  return times.map((startedAt, index) => {
    const bucket = { bucket: index + 7, firstSeq: seq(firstSeq), firstRev: rev(index * 20 + 2) };
    firstSeq += messages[index] ?? 10;
    return { ...bucket, startedAt: micros(startedAt) };
  });
};
const cutAt = (buckets: readonly OpenBucket[], until: number) => retentionCut(buckets, micros(until))?.bucket;

describe('where retention cuts a chat', () => {
  it('is the last bucket that was begun before: those below it are wholly too old', () => {
    const buckets = begunAt([100, 200, 300, 400]);
    expect([99, 100, 199, 200, 299, 300].map((until) => cutAt(buckets, until))).toEqual([
      undefined,
      undefined,
      undefined,
      8,
      8,
      9,
    ]);
  });

  it('never drops the newest bucket, however old it is', () => {
    expect(cutAt(begunAt([100, 200, 300]), 1e9)).toBe(9);
    expect(cutAt(begunAt([100]), 1e9)).toBeUndefined();
    expect(cutAt([], 1e9)).toBeUndefined();
  });

  it('is no further than one command may drop', () => {
    const buckets = begunAt(Array.from({ length: 120 }, (_, n) => n));
    expect(cutAt(buckets, 1e9)).toBe(7 + maxTrimmedBuckets);
    expect(cutAt(buckets.slice(0, bucketsToCut), 1e9)).toBe(7 + maxTrimmedBuckets);
  });

  it('is nowhere while nothing but changes would go', () => {
    expect(cutAt(begunAt([100, 200, 300], [0, 0, 5]), 1e9)).toBeUndefined();
    expect(cutAt(begunAt([100, 200, 300], [0, 1, 5]), 1e9)).toBe(9);
    expect(cutAt(begunAt([100, 200, 300], [0, 1, 5]), 200)).toBeUndefined();
  });
});
