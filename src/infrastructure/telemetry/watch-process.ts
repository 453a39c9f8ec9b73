import type { Meter } from '@opentelemetry/api';

/** CPU and memory of this process, by OpenTelemetry's names for them. */
export const watchProcess = (meter: Meter): void => {
  meter
    .createObservableCounter('process_cpu_seconds', { unit: 's', description: 'CPU time of this process.' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe(user / 1e6, { mode: 'user' });
      result.observe(system / 1e6, { mode: 'system' });
    });
  meter
    .createObservableGauge('process_resident_memory_bytes', { unit: 'By', description: 'Memory held by this process.' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
};
