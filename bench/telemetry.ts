import { CassandraChatReader } from '../src/infrastructure/cassandra/cassandra-chat-reader.ts';
import { DataAccess } from '../src/infrastructure/cassandra/data-access.ts';
import type { Bench, BenchContext } from './core/bench.ts';
import { median, Ratios } from './core/ratios.ts';
import { cpuPerOperation, ratiosOf, type Sample } from './core/rounds.ts';
import { freePort } from './core/service.ts';
import { bodyBytes, startCassandraService } from './pipeline/contestants.ts';
import { drain, Stream } from './pipeline/drain.ts';
import { Queues } from './pipeline/queues.ts';
import { checkStored, createChats, type Found, note, run, sizes } from './pipeline.ts';
import { cpuMicros } from './process-cpu.ts';
import { BenchKeyspace } from './stores/cassandra-loader.ts';

/** What Prometheus does unless it is told otherwise is once a minute; this is what most are told. */
const scrapeEveryMs = 15_000;
const scrapesWeighed = 50;

const scrape = async (url: string): Promise<string> => {
  const response = await fetch(url);
  const text = await response.text();
  if (!text.includes('chat_messaging_commands_settled_total'))
    throw new Error(`${url} answered ${response.status} without the service's metrics`);
  return text;
};

/** A service with queues, tables and chats of its own. */
const contestant = async (context: BenchContext, name: string, script: string, env: Record<string, string> = {}) => {
  const stack = await context.stack();
  const { chats, messages } = sizes(context.quick);
  const queues = await Queues.open(await stack.newVhost(), context);
  const keyspace = await BenchKeyspace.create(context);
  const service = await startCassandraService(context, queues, keyspace, { script, env });
  const stream = new Stream({ run: name, chats, messages: 0, bodyBytes });
  await createChats(queues, service, stream);
  return {
    child: service.child,
    sample: () => drain(service, stream, messages, queues, stack),
    check: () => checkStored(new CassandraChatReader(new DataAccess(keyspace.client)), stream),
  };
};

/** CPU of the process for one answer to Prometheus, and how long that is. */
const weighScrapes = async (url: string, pid: number) => {
  let bytes = 0;
  const before = cpuMicros(pid);
  for (let n = 0; n < scrapesWeighed; n++) bytes = (await scrape(url)).length;
  return { micros: (cpuMicros(pid) - before) / scrapesWeighed, bytes };
};

export const telemetry: Bench = {
  about: 'CPU of the service per message, with telemetry as it always runs against none',
  maxMinutes: 60,
  run: async (context) => {
    const metricsPort = String(await freePort());
    const metricsUrl = `http://127.0.0.1:${metricsPort}/metrics`;
    const observed = await contestant(context, 'observed', 'src/main.ts', { METRICS_PORT: metricsPort });
    const unobserved = await contestant(context, 'unobserved', 'bench/telemetry/unobserved.ts');
    // While the process stands still, its answer waits; no second one is asked for meanwhile.
    let scraped = Promise.resolve('');
    const timer = setInterval(() => {
      scraped = scraped.then(() => scrape(metricsUrl));
    }, scrapeEveryMs);
    context.onEnd(() => clearInterval(timer));
    const into: Found = { ratios: new Ratios(), rows: [], cpu: {} };
    const found = await run(context, { 'with telemetry': observed.sample, without: unobserved.sample });
    clearInterval(timer);
    await scraped;
    const weighed = await weighScrapes(metricsUrl, observed.child.pid);
    for (const { child, check } of [observed, unobserved]) {
      await child.stop();
      await check();
    }
    const service = (sample: Sample) => cpuPerOperation(sample, 'service');
    const ratios = ratiosOf(found['with telemetry'], found.without, service);
    into.ratios.add('telemetry.cpu', ratios);
    note(into, 'service', found);
    const added = median(found['with telemetry'].map(service)) - median(found.without.map(service));
    return {
      ratios: into.ratios.accepted,
      refused: into.ratios.refused,
      cpuMicrosPerMessage: into.cpu,
      tables: [
        { title: 'Messages per second, median', columns: ['', 'messages/s'], rows: into.rows },
        {
          title: 'What telemetry costs the service',
          columns: ['', 'CPU µs', 'bytes'],
          rows: [
            ['a message', Number(added.toFixed(2)), ''],
            ['a scrape', Math.round(weighed.micros), weighed.bytes],
          ],
        },
      ],
      curves: [],
      notes: [
        'With telemetry: every instrument, Prometheus every 15 s, no collector of traces (the default). Without: the same service, its composition root given instruments that do nothing.',
        `${sizes(context.quick).messages} messages of ${bodyBytes} bytes a sample, RabbitMQ and Cassandra, as in pipeline; each of the two services has a virtual host and a keyspace of its own.`,
      ],
    };
  },
};
