import { expect, it } from 'vitest';
import { micros } from '../../../src/domain/ids.ts';
import { formatMicros } from '../../../src/domain/time.ts';

const textOf = (at: number): string => {
  const iso = new Date(Math.floor(at / 1_000)).toISOString();
  return `${iso.slice(0, -1)}${String(at % 1_000).padStart(3, '0')}Z`;
};

it('is RFC 3339 with six digits, whatever was asked before', () => {
  const second = Date.UTC(2026, 10, 30, 23, 59, 59) * 1_000;
  const times = [0, 1, 999_999, second, second + 1, second + 999_999, second + 1_000_000];
  for (const one of times)
    for (const other of times) for (const at of [one, other, one]) expect(formatMicros(micros(at))).toBe(textOf(at));
  expect(formatMicros(micros(second + 42))).toBe('2026-11-30T23:59:59.000042Z');
});
