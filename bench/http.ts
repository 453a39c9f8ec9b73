import { userId } from '../src/domain/ids.ts';
import { issueToken } from '../src/infrastructure/http/issue-token.ts';
import type { Bench } from './core/bench.ts';
import { Child } from './core/child.ts';
import { goFirst } from './core/go-first.ts';
import { median, Ratios } from './core/ratios.ts';
import { cpuPerOperation, interleaved, newHistogram, perSecond, ratiosOf, type Sample, warmUp } from './core/rounds.ts';
import { freePort, key, startService } from './core/service.ts';
import type { QueryOrder, QueryReply } from './http/bare-query.ts';
import { queriesFor } from './http/coalesced.ts';
import { requests } from './http/load-http.ts';
import { cpuMicros } from './process-cpu.ts';
import { BenchKeyspace } from './stores/cassandra-loader.ts';

/** Few enough for their newest pages to be kept in memory, and more than fit there. */
const chats = 200;
const manyChats = 1_000;
/** Under way at once: enough to keep a server busy, and so few that each is answered at once. */
const many = 16;
const few = 2;

export const http: Bench = {
  about: 'a page of history over HTTP against Fastify with a ready buffer and against the bare query',
  maxMinutes: 60,
  run: async (context) => {
    const { rounds } = context;
    // Short samples, many times in turn: the machine's slow moments are everybody's.
    const passes = context.quick ? 1 : 50;
    const count = context.quick ? 400 : 100;
    // What is compared by its slowest hundredth takes more, or a round would say little.
    const calmCount = 8 * count;
    const stack = await context.stack();
    const keyspace = await BenchKeyspace.create(context);
    const plans = (prefix: string, length: number, messages: number) =>
      Array.from({ length }, (_, index) => ({ id: `${prefix}-${index}`, shard: index % 16, messages }));
    await keyspace.load([...plans('h', chats, 200), ...plans('m', manyChats, 60)]);
    await keyspace.settle();
    const settings = {
      CASSANDRA_CONTACT_POINTS: stack.cassandra.contactPoints.join(','),
      CASSANDRA_LOCAL_DATACENTER: stack.cassandra.localDataCenter,
      CASSANDRA_KEYSPACE: keyspace.name,
    };
    const service = await startService(context, settings);
    // One of its own: what it reads drives out what is kept.
    const other = await startService(context, settings);
    const headers = { authorization: `Bearer ${await issueToken(key, userId('1'), 3_600)}` };
    const pageOf = (index: number) => `${service.url}/v1/chats/h-${index % chats}/messages?limit=50`;
    let turn = 0;
    // A sample goes on where the last one has ended, or it would find what that one has left in memory.
    const firstOf = () => `${other.url}/v1/chats/m-${turn++ % manyChats}/messages?limit=50`;
    const { bytes } = await requests(1, 1, pageOf, headers);
    const port = await freePort();
    const bare = new Child(context, 'bench/http/bare-server.ts', { TASK: JSON.stringify({ port, bytes }) });
    await bare.said();
    const query = new Child(context, 'bench/http/bare-query.ts', { TASK: JSON.stringify(keyspace.endpoint) });
    await query.said();
    // The generators: the query is asked by a process of its own.
    goFirst();
    goFirst(query.pid);

    const names = ['page', 'first', 'buffer', 'query'] as const;
    type Name = (typeof names)[number];
    const spentBy = (pid: number) => {
      const processes = { service: pid, store: stack.pids.store, generator: process.pid };
      const before = Object.entries(processes).map(([name, of]) => [name, of, cpuMicros(of)] as const);
      return () => Object.fromEntries(before.map(([name, of, micros]) => [name, cpuMicros(of) - micros]));
    };
    /** Requests a second with many under way; latencies with few. */
    const overHttp =
      ({ pid }: Child, urlOf: (index: number) => string, calmly = count) =>
      async (): Promise<Sample> => {
        const { histogram: micros } = await requests(calmly, few, urlOf, headers);
        const spent = spentBy(pid);
        const { wallMs } = await requests(count, many, urlOf, headers);
        return { operations: count, wallMs, cpu: spent(), micros };
      };
    const ask = (order: QueryOrder) => {
      query.tell(order);
      return query.said() as Promise<QueryReply>;
    };
    const contestants = {
      page: overHttp(service.child, pageOf, calmCount),
      first: overHttp(other.child, firstOf),
      buffer: overHttp(bare, (index) => `http://127.0.0.1:${port}/page/${index}`),
      query: async (): Promise<Sample> => {
        const calm = await ask({ count: calmCount, atOnce: few, chats });
        const micros = newHistogram();
        for (const value of calm.micros) micros.recordValue(value);
        const spent = spentBy(query.pid);
        const { wallMs } = await ask({ count, atOnce: many, chats });
        return { operations: count, wallMs, cpu: spent(), micros };
      },
    };
    await warmUp(contestants, passes);
    context.log('warm');
    const found = await interleaved(contestants, rounds, passes);

    const ratios = new Ratios();
    /** Microseconds, round by round: of all that was measured in it. */
    const percentiles = (of: Name, percentile: number) =>
      found[of].map(({ micros }) => micros!.getValueAtPercentile(percentile));
    const over = (a: readonly number[], b: readonly number[]) => a.map((value, round) => value / b[round]!);
    const [p50, p99] = [50, 99].map((percentile) =>
      Object.fromEntries(names.map((name) => [name, percentiles(name, percentile)])),
    ) as [Record<Name, number[]>, Record<Name, number[]>];
    ratios.add('http.page.p99', over(p99.page, p99.query));
    ratios.add('http.page.p50', over(p50.page, p50.query));
    ratios.add('http.first.p99', over(p99.first, p99.query));
    ratios.add('http.first.p50', over(p50.first, p50.query));
    ratios.add('http.page.buffer', ratiosOf(found.page, found.buffer, perSecond));
    ratios.add('http.page.query', ratiosOf(found.page, found.query, perSecond));
    ratios.count('http.coalesced', await queriesFor(keyspace.client, 'h-0', '1', 1_000));
    return {
      ratios: ratios.accepted,
      refused: ratios.refused,
      cpuMicrosPerMessage: Object.fromEntries(
        names.map((name) => [
          name,
          Object.fromEntries(
            ['service', 'store', 'generator'].map((process) => [
              process,
              median(found[name].map((sample) => cpuPerOperation(sample, process))),
            ]),
          ),
        ]),
      ),
      tables: [
        {
          title: `Pages of 50 (${bytes} bytes): a second with ${many} under way; ms with ${few} under way`,
          columns: ['', 'a second', 'p50', 'p99'],
          rows: names.map((name) => [
            name,
            Math.round(median(found[name].map(perSecond))),
            median(p50[name]) / 1000,
            median(p99[name]) / 1000,
          ]),
        },
      ],
      curves: [],
      notes: [
        'page: GET /v1/chats/{id}/messages of the newest 50 with a token, over 200 chats that were read before and have not changed since: two reads of the store, of the member’s standing and of the log’s end. first: the same over 1,000 chats in turn, more than the service keeps pages of, so that the messages are read, too. buffer: Fastify that sends as many bytes and reads nothing. query: the one SELECT of the page’s rows by the driver, without HTTP.',
        'http.coalesced counts the queries of the use case for 1,000 reads begun at the same moment.',
      ],
    };
  },
};
