import { describe, expect, it } from 'vitest';
import { type Figures, report } from '../../../ops/k6/tests/kit/summary.ts';

const times = { med: 10, 'p(95)': 20.04, 'p(99)': 30.06, max: 1234.5 };
const figures = (kept: boolean): Figures => ({
  metrics: {
    http_reqs: { values: { count: 110, rate: 11 } },
    'http_reqs{scenario:cold}': { values: { count: 100, rate: 10 }, thresholds: { 'count>0': { ok: true } } },
    'http_req_duration{scenario:cold}': { values: times, thresholds: { 'p(99)<30': { ok: kept } } },
    dropped_iterations: { values: { count: kept ? 0 : 3 }, thresholds: { 'count==0': { ok: kept } } },
    checks: { values: { rate: 0.98, passes: 98, fails: 2 } },
  },
});

describe("the load test's table", () => {
  it('has a row for each scenario, and says when every limit is kept', () => {
    expect(report(figures(true)).split('\n')).toEqual([
      '      requests  per s  p50 ms  p95 ms  p99 ms  max ms',
      'cold       100   10.0    10.0    20.0    30.1  1234.5',
      '',
      'dropped iterations: 0, unexpected answers: 2 of 100',
      'passed: every limit is kept',
      '',
    ]);
  });

  it('names every limit that was missed', () => {
    const lines = report(figures(false)).split('\n');
    expect(lines).toContain('missed: http_req_duration{scenario:cold} p(99)<30');
    expect(lines).toContain('missed: dropped_iterations count==0');
    expect(lines).toContain('dropped iterations: 3, unexpected answers: 2 of 100');
    expect(lines).toContain('FAILED');
  });
});
