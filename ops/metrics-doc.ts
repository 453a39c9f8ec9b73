import { writeFileSync } from 'node:fs';
import { instruments } from '../src/application/ports/telemetry.ts';

export const metricsDocUrl = new URL('../docs/metrics.md', import.meta.url);

/** The page about every metric, as Prometheus shows them. */
export const metricsDoc = (): string => {
  const rows = Object.values(instruments).map(({ kind, name, description, labels }) => {
    const shown = name.replaceAll('.', '_') + (kind === 'counter' || kind === 'sum' ? '_total' : '');
    const quoted = labels.map((label) => `\`${label.replaceAll('.', '_')}\``).join(' ');
    return `| \`${shown}\` | ${kind === 'sum' ? 'counter' : kind} | ${quoted} | ${description} |`;
  });
  return `# Metrics

Served for Prometheus at \`/metrics\` on \`METRICS_PORT\` (9464); the standard \`OTEL_\` variables send them, and traces, to a collector as well.
This page is made from the catalogue in \`src/application/ports/telemetry.ts\` by \`npm run metrics-doc\`; a test fails when it is stale.

| metric | kind | labels | meaning |
| --- | --- | --- | --- |
${rows.join('\n')}

Besides: \`process_cpu_seconds_total\`, \`process_resident_memory_bytes\`, and Node's event loop, garbage collection and heap
(\`nodejs_eventloop_*\`, \`v8js_*\`), by OpenTelemetry's instrumentation of the runtime.
`;
};

if (import.meta.main) writeFileSync(metricsDocUrl, metricsDoc());
