import type { Attributes, Meter, Observable, ObservableResult } from '@opentelemetry/api';
import {
  type CounterName,
  type HistogramName,
  instruments,
  type Reading,
  type Telemetry,
  type WatchedName,
} from '../../application/ports/telemetry.ts';

/** Every instrument of the catalogue on one OpenTelemetry meter. Counting costs about 0.03 µs, with labels 0.1 µs; a histogram 0.1 µs, with labels 0.4 µs
 *  (2-core machine). */
export const otelTelemetry = (meter: Meter): Telemetry => {
  const counters = new Map<string, Sum>();
  const histograms = new Map<string, { record(value: number, labels?: Attributes): void }>();
  const watched = new Map<string, Observable>();
  for (const [key, instrument] of Object.entries(instruments)) {
    const { name, unit, description, labels } = instrument;
    const about = { unit, description };
    switch (instrument.kind) {
      case 'counter': {
        const sum = new Sum(labels);
        for (const known of instrument.known) sum.add(0, known);
        meter.createObservableCounter(name, about).addCallback((result) => sum.observe(result));
        counters.set(key, sum);
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
    add: (name: CounterName, by: number, labels?: object) =>
      counters.get(name)!.add(by, labels as Attributes | undefined),
    record: (name: HistogramName, value: number, labels?: object) =>
      histograms.get(name)!.record(value, labels as Attributes),
    watch: <Name extends WatchedName>(name: Name, read: () => readonly Reading<Name>[]) =>
      watched.get(name)!.addCallback((result) => {
        for (const { value, labels } of read()) result.observe(value, labels as Attributes);
      }),
  };
};

/** What was counted under some values of the first labels, and under each value of the next one. */
type Node = { labels: Attributes | undefined; value: number; readonly next: Map<unknown, Node> };
const newNode = (): Node => ({ labels: undefined, value: 0, next: new Map() });

/** A counter that is added up here and looked at when somebody asks: OpenTelemetry's own makes a text of the labels at every step. */
class Sum {
  readonly #names: readonly string[];
  readonly #root = newNode();
  readonly #series: Node[] = [];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  add(by: number, labels: Attributes = {}): void {
    let node = this.#root;
    for (const name of this.#names) {
      const value = labels[name];
      let next = node.next.get(value);
      if (next === undefined) {
        next = newNode();
        node.next.set(value, next);
      }
      node = next;
    }
    if (node.labels === undefined) {
      node.labels = labels;
      this.#series.push(node);
    }
    node.value += by;
  }

  observe(result: ObservableResult): void {
    for (const { labels, value } of this.#series) result.observe(value, labels);
  }
}
