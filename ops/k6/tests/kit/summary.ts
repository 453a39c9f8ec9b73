/** What `handleSummary` gives out: a table to read, and k6's figures as a file. */
type Metric = {
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
};
export type Figures = { readonly metrics: Readonly<Record<string, Metric>> };

export const summaryOf =
  (title: string) =>
  (figures: Figures): Record<string, string> => ({
    stdout: `\n${title}: ${__ENV.RATE} requests/s for ${__ENV.DURATION}\n\n${report(figures)}\n`,
    [__ENV.OUT!]: JSON.stringify(figures, undefined, 2),
  });

/** One row per scenario, then what went wrong. */
export const report = ({ metrics }: Figures): string => {
  // k6 gives its metrics in an order of chance.
  const rows = Object.keys(metrics)
    .sort()
    .flatMap((name) => {
      const part = /^http_reqs\{scenario:(.+)\}$/.exec(name)?.[1];
      const times = metrics[`http_req_duration{scenario:${part}}`];
      if (part === undefined || times === undefined) return [];
      const { count = 0, rate = 0 } = metrics[name]!.values;
      const latencies = ['med', 'p(95)', 'p(99)', 'max'].map((statistic) => (times.values[statistic] ?? 0).toFixed(1));
      return [[part, String(count), rate.toFixed(1), ...latencies]];
    });
  const missed = Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
    Object.entries(thresholds).flatMap(([limit, { ok }]) => (ok ? [] : [`missed: ${name} ${limit}`])),
  );
  const checks = metrics.checks?.values ?? {};
  return [
    ...aligned([['', 'requests', 'per s', 'p50 ms', 'p95 ms', 'p99 ms', 'max ms'], ...rows]),
    '',
    `dropped iterations: ${metrics.dropped_iterations?.values.count ?? 0}, unexpected answers: ${checks.fails ?? 0} of ${(checks.passes ?? 0) + (checks.fails ?? 0)}`,
    ...missed,
    missed.length === 0 ? 'passed: every limit is kept' : 'FAILED',
    '',
  ].join('\n');
};

const aligned = (rows: readonly (readonly string[])[]): string[] => {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n]!) : cell.padStart(widths[n]!))).join('  '),
  );
};
