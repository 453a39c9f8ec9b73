import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockStart, type KeyHash, KeyLog, keysPerBlock } from '../../../src/application/turn/key-log.ts';
import { rev, seq } from '../../../src/domain/ids.ts';

const hash = (n: number): KeyHash => ({ hi: (n * 2_654_435_761) >>> 0, lo: (n * 40_503) >>> 0 });
const filled = (count: number, firstRev = 1): KeyLog => {
  const log = new KeyLog(rev(firstRev));
  for (let n = 0; n < count; n++) log.append(hash(firstRev + n), n % 3 === 0 ? undefined : seq(firstRev + n));
  return log;
};

describe('the key log', () => {
  it('finds every key at its position, few or many', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1200 }), (count) => {
        const log = filled(count);
        for (let n = 1; n <= count; n++) {
          expect(log.find(hash(n))).toEqual([{ rev: n, seq: (n - 1) % 3 === 0 ? undefined : n }]);
        }
        expect(log.find(hash(count + 7))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  it('finds keys that were appended after the first lookup', () => {
    const log = filled(KeyLog.tableFrom + 1);
    expect(log.find(hash(5))).toHaveLength(1);
    for (let n = KeyLog.tableFrom + 2; n < 3000; n++) {
      log.append(hash(n), seq(n));
      expect(log.find(hash(n))).toEqual([{ rev: n, seq: n }]);
    }
  });

  it('gives every entry of one hash, newest first', () => {
    for (const count of [10, 1000]) {
      const log = filled(count);
      log.append(hash(3), seq(9999));
      expect(log.find(hash(3)).map((position) => position.rev)).toEqual([count + 1, 3]);
    }
  });

  it('is the same after its blocks are packed and put in front of a younger log', () => {
    const old = filled(keysPerBlock * 5 + 17);
    const blocks = [0, 1, 2, 3, 4].map((n) => old.block(rev(n * keysPerBlock + 1)));
    const young = filled(17, keysPerBlock * 5 + 1);
    young.prepend(blocks);
    expect(young.firstRev).toBe(1);
    expect(young.nextRev).toBe(old.nextRev);
    for (let n = 1; n < keysPerBlock * 5; n++) expect(young.find(hash(n))).toEqual(old.find(hash(n)));
  });

  it('forgets the oldest when told to, and still knows the rest', () => {
    const log = filled(1000);
    log.trim(600);
    expect(log.firstRev).toBe(401);
    expect(log.find(hash(400))).toEqual([]);
    expect(log.find(hash(401))).toHaveLength(1);
    expect(() => log.block(rev(321))).toThrow(RangeError);
  });

  it('knows where a block begins', () => {
    expect([1, 64, 65, 128, 129].map((n) => blockStart(rev(n)))).toEqual([1, 1, 65, 65, 129]);
  });
});
