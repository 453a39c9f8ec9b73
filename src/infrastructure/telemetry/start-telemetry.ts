import { createServer } from 'node:http';
import { metrics, trace } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { RuntimeNodeInstrumentation } from '@opentelemetry/instrumentation-runtime-node';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { NodeSDK } from '@opentelemetry/sdk-node';
import type { Telemetry } from '../../application/ports/telemetry.ts';
import { noTracer, type Tracer } from '../../application/ports/tracer.ts';
import { close, listen } from './metrics-server.ts';
import { otelTelemetry } from './otel-telemetry.ts';
import { otelTracer } from './otel-tracer.ts';
import { watchProcess } from './watch-process.ts';

export type TelemetryOptions = {
  readonly host: string;
  readonly port: number;
  readonly instanceId: string;
};

export type RunningTelemetry = {
  readonly telemetry: Telemetry;
  readonly tracer: Tracer;
  /** Where the metrics are to be had. */
  readonly address: string;
  stop(): Promise<void>;
};

const serviceName = 'chat-messaging';

/** Serves Prometheus on a port of its own. Besides, the standard variables of OpenTelemetry hold: with OTEL_EXPORTER_OTLP_ENDPOINT
 *  (or …_TRACES_ENDPOINT, …_METRICS_ENDPOINT) traces and metrics go there too. Rejects with a sentence when the port cannot be had. */
export const startTelemetry = async ({ host, port, instanceId }: TelemetryOptions): Promise<RunningTelemetry> => {
  const prometheus = new PrometheusExporter({ preventServerStart: true, withoutScopeInfo: true });
  const tracing = sendsTo('TRACES');
  // What is not asked for must not try to reach a collector on this machine.
  process.env.OTEL_TRACES_EXPORTER ??= tracing ? 'otlp' : 'none';
  process.env.OTEL_METRICS_EXPORTER ??= sendsTo('METRICS') ? 'otlp' : 'none';
  process.env.OTEL_LOGS_EXPORTER ??= 'none';
  const sdk = new NodeSDK({
    // What the machine and the command line are called is nobody's business.
    autoDetectResources: false,
    resource: resourceFromAttributes({ 'service.name': serviceName, 'service.instance.id': instanceId }),
    metricReaders: [prometheus],
    instrumentations: [new RuntimeNodeInstrumentation()],
  });
  sdk.start();
  const meter = metrics.getMeter(serviceName);
  watchProcess(meter);
  const server = createServer((request, response) => {
    if (request.url?.split('?')[0] === '/metrics') return prometheus.getMetricsRequestHandler(request, response);
    response.writeHead(404, { 'content-type': 'text/plain' }).end('Metrics are at /metrics.\n');
  });
  try {
    const address = await listen(server, { host, port });
    return {
      telemetry: otelTelemetry(meter),
      tracer: tracing ? otelTracer(trace.getTracer(serviceName)) : noTracer,
      address,
      stop: async () => {
        await close(server);
        await sdk.shutdown();
      },
    };
  } catch (error) {
    await sdk.shutdown();
    throw error;
  }
};

const sendsTo = (signal: 'TRACES' | 'METRICS'): boolean =>
  process.env.OTEL_SDK_DISABLED !== 'true' &&
  (process.env.OTEL_EXPORTER_OTLP_ENDPOINT ?? process.env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]) !== undefined;
