import { expect, it } from 'vitest';
import type { Clock } from '../../../src/application/ports/system.ts';
import type { SweepReport } from '../../../src/application/use-cases/sweep-retention.ts';
import { micros } from '../../../src/domain/ids.ts';
import { keepSweeping } from '../../../src/retention-sweeper.ts';
import { quietLogger } from '../../support/test-cell.ts';

const nothing: SweepReport = { chats: 0, trimmed: 0, buckets: 0, messages: 0, failed: 0 };

/** Time passes by sleeping only. */
const virtualClock = () => {
  let nowMs = 0;
  const clock: Clock = {
    now: () => micros(nowMs * 1000),
    monotonicMs: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      nowMs += ms;
    },
  };
  return clock;
};

const sweepsOf = async (random: number, fails: (count: number) => boolean = () => false) => {
  const clock = virtualClock();
  const stopping = new AbortController();
  const at: number[] = [];
  const sweep = async () => {
    at.push(clock.monotonicMs());
    if (at.length === 4) stopping.abort(new Error('stopping'));
    if (fails(at.length)) throw new Error('no store');
    return nothing;
  };
  await keepSweeping({
    sweep,
    everyMs: 1_000,
    clock,
    logger: quietLogger,
    signal: stopping.signal,
    random: () => random,
  });
  return at;
};

it('sweeps again and again, never at the start, until the service stops', async () => {
  expect(await sweepsOf(0)).toEqual([500, 1_000, 1_500, 2_000]);
  expect(await sweepsOf(1)).toEqual([1_000, 2_000, 3_000, 4_000]);
});

it('begins anew after a sweep that failed', async () => {
  expect(await sweepsOf(1, (count) => count < 3)).toEqual([1_000, 2_000, 3_000, 4_000]);
});
