import { type Micros, micros } from './ids.ts';

let lastMs = Number.NaN;
let lastText = '';

/** RFC 3339 in UTC with six digits: `2026-11-23T10:00:00.000000Z`. */
export const formatMicros = (at: Micros): string => {
  const ms = Math.floor(at / 1000);
  if (ms !== lastMs) {
    lastText = new Date(ms).toISOString().slice(0, 23);
    lastMs = ms;
  }
  return `${lastText}${String(at - ms * 1000).padStart(3, '0')}Z`;
};

export const microsOfMs = (ms: number): Micros => micros(ms * 1000);
