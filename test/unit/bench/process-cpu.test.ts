import { expect, it } from 'vitest';
import { stolenShare, watchStolen } from '../../../bench/process-cpu.ts';

/** The first line of /proc/stat: user, nice, system, idle, iowait, irq, softirq, steal, guest, guest_nice. */
const stat = (...ticks: number[]) => `cpu  ${ticks.join(' ')}\ncpu0 1 1 1 1 1 1 1 1 1 1\n`;

it('finds the share that the host has taken of the time of all processors', () => {
  const before = stat(100, 10, 50, 800, 5, 3, 2, 40, 7, 7);
  const after = stat(140, 10, 60, 840, 5, 3, 2, 50, 47, 7);
  expect(stolenShare(before, after)).toBe(10 / 100);
});

it('says nothing of less than three ticks', () => {
  const before = stat(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  expect(stolenShare(before, stat(10, 0, 0, 0, 0, 0, 0, 2, 0, 0))).toBe(0);
  expect(stolenShare(before, stat(9, 0, 0, 0, 0, 0, 0, 3, 0, 0))).toBe(0.25);
  expect(stolenShare(before, before)).toBe(0);
});

it.runIf(process.platform === 'linux')('reads the machine’s own', () => {
  const share = watchStolen()();
  expect(share).toBeGreaterThanOrEqual(0);
  expect(share).toBeLessThanOrEqual(1);
});
