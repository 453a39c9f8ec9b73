import { describe, expect, it } from 'vitest';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';

const clock = new SystemClock();

describe('the system clock', () => {
  it('counts microseconds since 1970', () => {
    const before = Date.now();
    const now = clock.now();
    expect(now % 1000).toBe(0);
    expect(now / 1000).toBeGreaterThanOrEqual(before);
    expect(now / 1000).toBeLessThanOrEqual(Date.now());
  });

  it('sleeps at least as long as it is told', async () => {
    const start = clock.monotonicMs();
    await clock.sleep(20);
    // Timers count whole milliseconds.
    expect(clock.monotonicMs() - start).toBeGreaterThanOrEqual(19);
  });

  it('wakes with the reason when it is told to stop, before or while it sleeps', async () => {
    const reason = new Error('enough');
    await expect(clock.sleep(60_000, AbortSignal.abort(reason))).rejects.toBe(reason);
    const controller = new AbortController();
    const sleeping = clock.sleep(60_000, controller.signal);
    controller.abort(reason);
    await expect(sleeping).rejects.toBe(reason);
  });
});
