import { type Micros, micros } from './ids.ts';

let lastSecond = Number.NaN;
let lastText = '';

/** RFC 3339 in UTC with six digits: `2026-11-23T10:00:00.000000Z`. */
export const formatMicros = (at: Micros): string => {
  const second = Math.floor(at / 1_000_000);
  if (second !== lastSecond) {
    lastText = new Date(second * 1000).toISOString().slice(0, 20);
    lastSecond = second;
  }
  return `${lastText}${String(at - second * 1_000_000).padStart(6, '0')}Z`;
};

export const microsOfMs = (ms: number): Micros => micros(ms * 1000);
