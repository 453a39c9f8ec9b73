import { type Micros, micros } from './ids.ts';

let last = { at: Number.NaN, text: '', second: Number.NaN, secondText: '' };

/** RFC 3339 in UTC with six digits: `2026-11-23T10:00:00.000000Z`. */
export const formatMicros = (at: Micros): string => {
  // What is decided in one turn has one time.
  if (at !== last.at) {
    const second = Math.floor(at / 1_000_000);
    const secondText = second === last.second ? last.secondText : new Date(second * 1000).toISOString().slice(0, 20);
    const text = `${secondText}${String(at - second * 1_000_000).padStart(6, '0')}Z`;
    last = { at, text, second, secondText };
  }
  return last.text;
};

export const microsOfMs = (ms: number): Micros => micros(ms * 1000);
