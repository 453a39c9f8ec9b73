import type { Options, Scenario } from 'k6/options';

/** Milliseconds that 95 and 99 of 100 requests may take. */
export type Limits = { readonly p95: number; readonly p99: number };
export const readLimits: Limits = { p95: 100, p99: 250 };
export const writeLimits: Limits = { p95: 200, p99: 500 };

/** A part of the load: the exported function that it runs, its share of the rate, its limits. */
export type Part = { readonly exec: string; readonly share: number; readonly limits: Limits };

const rate = Number(__ENV.RATE);

/** Arrivals at a fixed rate, whatever the answers take: a service that falls behind is not asked less. What cannot start for want of a
 *  free virtual user is a dropped iteration, and one of them fails the run. */
const arrivals = ({ exec, share }: Part): Scenario => {
  const perSecond = Math.max(1, Math.round(rate * share));
  const users = Math.min(500, Math.max(20, perSecond));
  return {
    executor: 'constant-arrival-rate',
    exec,
    rate: perSecond,
    timeUnit: '1s',
    duration: __ENV.DURATION!,
    preAllocatedVUs: users,
    maxVUs: users,
  };
};

export const loadOf = (parts: Readonly<Record<string, Part>>): Options => {
  const entries = Object.entries(parts);
  return {
    scenarios: Object.fromEntries(entries.map(([name, part]) => [name, arrivals(part)])),
    thresholds: {
      dropped_iterations: ['count==0'],
      checks: ['rate==1'],
      ...Object.fromEntries(
        entries.flatMap(([name, { limits }]) => [
          [`http_req_duration{scenario:${name}}`, [`p(95)<${limits.p95}`, `p(99)<${limits.p99}`]],
          // k6 sums up a scenario only when a threshold names it.
          [`http_reqs{scenario:${name}}`, ['count>0']],
        ]),
      ),
    },
    summaryTrendStats: ['med', 'p(95)', 'p(99)', 'max'],
  };
};
