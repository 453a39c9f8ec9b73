import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort, ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

type Span = {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
};

const traceId = '0af7651916cd43dd8448eb211c80319c';
const parentId = 'b7ad6b7169203331';

describe('a service that is watched', { timeout: 60_000 }, () => {
  const spans: Span[] = [];
  const collector = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    for (const { scopeSpans } of JSON.parse(body).resourceSpans ?? []) {
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  let service: ServiceProcess;
  let metricsUrl: string;
  let chatId: string;

  beforeAll(async () => {
    await once(collector.listen(0, '127.0.0.1'), 'listening');
    const metricsPort = await freePort();
    metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    service = await ServiceProcess.at({
      METRICS_PORT: String(metricsPort),
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '100',
      OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    });
    await service.start();
    chatId = (await service.ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2] })).json.id;
  }, 60_000);
  afterAll(async () => {
    await service.dispose();
    collector.close();
  });

  it('counts what it does, with no chat and no user in any label', async () => {
    expect((await service.ask(1, 'POST', `/v1/chats/${chatId}/messages`, { body: 'canary text' })).status).toBe(201);
    expect((await service.ask(3, 'POST', `/v1/chats/${chatId}/messages`, { body: 'let me in' })).status).toBe(404);
    const text = await (await fetch(metricsUrl)).text();
    for (const line of [
      'chat_messaging_commands_settled_total{outcome="accepted",type="message.post"} 1',
      'chat_messaging_commands_settled_total{outcome="rejected",type="message.post"} 1',
      'chat_messaging_rejections_total{code="NOT_A_MEMBER"} 1',
      'chat_messaging_shards_owned 16',
      'http_server_duration_milliseconds_count{http_server_name="messaging_backend",http_status_code="201",http_method="POST"} 2',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    expect(text).not.toContain(chatId);
    expect(text).not.toContain('canary');
  });

  it('tells of one command from its arrival to its event, when its trace is wanted', async () => {
    const response = await service.ask(
      1,
      'POST',
      `/v1/chats/${chatId}/messages`,
      { body: 'traced' },
      { traceparent: `00-${traceId}-${parentId}-01` },
    );
    expect(response.status).toBe(201);
    const traced = () => spans.filter((span) => span.traceId === traceId);
    await until('its spans have come', () => traced().length >= 5);
    const whole = traced().find(({ name }) => name === 'process message.post')!;
    expect(whole.parentSpanId).toBe(parentId);
    const stages = traced()
      .filter(({ parentSpanId }) => parentSpanId === whole.spanId)
      .map(({ name }) => name);
    expect(stages.sort()).toEqual(['publish', 'store', 'turn', 'wait']);
  });

  it('makes no spans of what nobody wants traced', async () => {
    await service.ask(1, 'POST', `/v1/chats/${chatId}/messages`, { body: 'untraced' });
    await service.stop();
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([traceId]));
  });

  it('says what to do when the port for metrics is taken', async () => {
    const { port } = collector.address() as AddressInfo;
    const other = await ServiceProcess.at({ METRICS_PORT: String(port) });
    const { code, output } = await other.refusal();
    await other.dispose();
    expect(code).toBe(1);
    expect(output).toContain(`Port ${port} for metrics is taken: set METRICS_PORT to a free one`);
  });
});
