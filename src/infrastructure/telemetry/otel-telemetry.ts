import type { Attributes, Meter, Observable } from '@opentelemetry/api';
import {
  type CounterName,
  type HistogramName,
  instruments,
  type Reading,
  type Telemetry,
  type WatchedName,
} from '../../application/ports/telemetry.ts';

/** Every instrument of the catalogue on one OpenTelemetry meter. Recording costs about 0.1 µs, with labels 0.2 µs (2-core machine). */
export const otelTelemetry = (meter: Meter): Telemetry => {
  const counters = new Map<string, { add(by: number, labels?: Attributes): void }>();
  const histograms = new Map<string, { record(value: number, labels?: Attributes): void }>();
  const watched = new Map<string, Observable>();
  for (const [key, instrument] of Object.entries(instruments)) {
    const { name, unit, description } = instrument;
    const about = { unit, description };
    switch (instrument.kind) {
      case 'counter': {
        const counter = meter.createCounter(name, about);
        for (const labels of instrument.known) counter.add(0, labels);
        counters.set(key, counter);
        break;
      }
      case 'histogram': {
        const advice = { explicitBucketBoundaries: [...instrument.buckets] };
        histograms.set(key, meter.createHistogram(name, { ...about, advice }));
        break;
      }
      case 'gauge':
        watched.set(key, meter.createObservableGauge(name, about));
        break;
      case 'sum':
        watched.set(key, meter.createObservableCounter(name, about));
        break;
    }
  }
  return {
    add: (name: CounterName, by: number, labels?: object) => counters.get(name)!.add(by, labels as Attributes),
    record: (name: HistogramName, value: number, labels?: object) =>
      histograms.get(name)!.record(value, labels as Attributes),
    watch: <Name extends WatchedName>(name: Name, read: () => readonly Reading<Name>[]) =>
      watched.get(name)!.addCallback((result) => {
        for (const { value, labels } of read()) result.observe(value, labels as Attributes);
      }),
  };
};
