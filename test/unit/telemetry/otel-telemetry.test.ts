import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { describe, expect, it } from 'vitest';
import { instruments } from '../../../src/application/ports/telemetry.ts';
import { otelTelemetry } from '../../../src/infrastructure/telemetry/otel-telemetry.ts';

const started = () => {
  const reader = new PrometheusExporter({ preventServerStart: true });
  const telemetry = otelTelemetry(new MeterProvider({ readers: [reader] }).getMeter('test'));
  const points = async (name: string) => {
    const { resourceMetrics } = await reader.collect();
    const found = resourceMetrics.scopeMetrics.flatMap(({ metrics }) => metrics);
    return found
      .find(({ descriptor }) => descriptor.name === name)
      ?.dataPoints.map((point) => [point.attributes, point.value]);
  };
  return { telemetry, points };
};

describe('the instruments', () => {
  it('count, with their labels', async () => {
    const { telemetry, points } = started();
    telemetry.add('settled', 2, { outcome: 'accepted', type: 'message.post' });
    telemetry.add('settled', 1, { outcome: 'accepted', type: 'message.post' });
    expect(await points('chat_messaging_commands_settled')).toEqual([
      [{ outcome: 'accepted', type: 'message.post' }, 3],
    ]);
  });

  it('are known from the start where they have no labels, so that the first event is seen to happen', async () => {
    const { points } = started();
    expect(await points('chat_messaging_actor_crashes')).toEqual([[{}, 0]]);
  });

  it('are known from the start under labels that an alert asks for', async () => {
    const { telemetry, points } = started();
    telemetry.add('sessions', 1, { event: 'begun' });
    expect(await points('chat_messaging_sessions')).toEqual([
      [{ event: 'begun' }, 1],
      [{ event: 'lost' }, 0],
      [{ event: 'cut off' }, 0],
    ]);
  });

  it('sort durations into the buckets of the catalogue', async () => {
    const { telemetry, points } = started();
    telemetry.record('turnDuration', 0.003);
    expect(await points('chat_messaging_turn_duration_seconds')).toMatchObject([
      [{}, { count: 1, buckets: { boundaries: instruments.turnDuration.buckets } }],
    ]);
  });

  it('look at gauges and sums when somebody asks', async () => {
    const { telemetry, points } = started();
    let shards = 3;
    telemetry.watch('shardsOwned', () => [{ value: shards }]);
    telemetry.watch('forwarded', () => [{ value: 7 }]);
    shards = 5;
    expect(await points('chat_messaging_shards_owned')).toEqual([[{}, 5]]);
    expect(await points('chat_messaging_commands_forwarded')).toEqual([[{}, 7]]);
  });

  it('have names that nobody else has', () => {
    const names = Object.values(instruments).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });
});
