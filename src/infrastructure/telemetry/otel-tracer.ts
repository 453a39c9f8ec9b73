import {
  type Context,
  context,
  isSpanContextValid,
  type Tracer as OtelTracer,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import type { CommandTrace, Tracer } from '../../application/ports/tracer.ts';

/** Spans are made when a command is through, with the times that were taken on the way: nothing is carried through its promises. */
export const otelTracer = (tracer: OtelTracer): Tracer => ({
  begin: (type, traceparent, fromMs) => {
    const parent = traceparent === undefined ? undefined : spanContextOf(traceparent);
    const span = tracer.startSpan(
      `process ${type}`,
      {
        kind: SpanKind.CONSUMER,
        startTime: wallClock(fromMs),
        attributes: { 'messaging.system': 'rabbitmq', 'messaging.operation.name': 'process' },
      },
      parent === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, parent),
    );
    if (!span.isRecording()) return undefined;
    const inside: Context = trace.setSpan(context.active(), span);
    const made: CommandTrace = {
      traceparent: traceparentOf(span.spanContext()),
      stage: (name, from, to) => tracer.startSpan(name, { startTime: wallClock(from) }, inside).end(wallClock(to)),
      end: (outcome, atMs) => {
        span.setAttribute('chat_messaging.outcome', outcome);
        span.end(wallClock(atMs));
      },
    };
    return made;
  },
});

const wallClock = (monotonicMs: number): number => performance.timeOrigin + monotonicMs;

const form = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

const spanContextOf = (traceparent: string): SpanContext | undefined => {
  const [, traceId, spanId, flags] = form.exec(traceparent) ?? [];
  if (traceId === undefined) return undefined;
  const found = { traceId, spanId: spanId!, traceFlags: Number.parseInt(flags!, 16), isRemote: true };
  return isSpanContextValid(found) ? found : undefined;
};

const traceparentOf = ({ traceId, spanId, traceFlags }: SpanContext): string =>
  `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED).toString(16).padStart(2, '0')}`;
