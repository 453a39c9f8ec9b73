import type { ChatReader } from '../src/application/ports/chat-reader.ts';
import { chatId } from '../src/domain/ids.ts';
import { CassandraChatReader } from '../src/infrastructure/cassandra/cassandra-chat-reader.ts';
import { DataAccess } from '../src/infrastructure/cassandra/data-access.ts';
import { openDataFolder } from '../src/infrastructure/sqlite/data-folder.ts';
import { SqliteChatReader } from '../src/infrastructure/sqlite/sqlite-chat-reader.ts';
import type { Bench, BenchContext, Table } from './core/bench.ts';
import { median, Ratios } from './core/ratios.ts';
import { cpuPerOperation, interleaved, perSecond, ratiosOf, type Sample, warmUp } from './core/rounds.ts';
import { chatIdAt } from './load.ts';
import {
  bodyBytes,
  prefetch,
  startCassandraService,
  startForward,
  startSqliteService,
} from './pipeline/contestants.ts';
import { type Contestant, drain, Stream } from './pipeline/drain.ts';
import { Queues } from './pipeline/queues.ts';
import { BenchKeyspace } from './stores/cassandra-loader.ts';
import { benchFolder } from './stores/sqlite-loader.ts';

/** More messages than sixteen prefetch windows hold, or the whole load would be under way at once. */
export const sizes = (quick: boolean) =>
  quick ? { chats: 200, messages: 3_000, warm: 1, passes: 1 } : { chats: 1_000, messages: 12_500, warm: 6, passes: 5 };

export type Found = {
  readonly ratios: Ratios;
  readonly rows: Table['rows'][number][];
  readonly cpu: Record<string, Record<string, number>>;
};

const streams = (context: BenchContext) => {
  const { chats } = sizes(context.quick);
  const load = (run: string, count: number) => new Stream({ run, chats: count, messages: 0, bodyBytes });
  return { spread: load('spread', chats), hot: load('hot', 1) };
};

/** Everything that was sent must be in the store, without a hole. */
export const checkStored = async (reader: ChatReader, stream: Stream): Promise<void> => {
  const { load, sent } = stream;
  let stored = 0;
  for (let chat = 0; chat < load.chats; chat++) stored += (await reader.head(chatId(chatIdAt(load, chat))))?.seq ?? 0;
  if (stored !== sent) throw new Error(`messages were lost: ${stored} of ${sent} are stored`);
};

export const createChats = async (queues: Queues, { exchange }: Contestant, ...all: Stream[]) => {
  for (const stream of all) {
    await queues.forgetEvents();
    await queues.fill(stream.creations(exchange));
    await queues.untilEvents(stream.load.chats);
  }
};

export const run = async <N extends string>(
  context: BenchContext,
  contestants: Readonly<Record<N, () => Promise<Sample>>>,
): Promise<Record<N, Sample[]>> => {
  // The service has more code than a loop.
  const { warm, passes } = sizes(context.quick);
  await warmUp(contestants, warm);
  context.log('warm');
  return interleaved(contestants, context.rounds, passes);
};

export const note = (into: Found, store: string, found: Readonly<Record<string, readonly Sample[]>>) => {
  for (const [name, samples] of Object.entries(found)) {
    const each = Object.keys(samples[0]!.cpu).map((process): [string, number] => [
      process,
      median(samples.map((sample) => cpuPerOperation(sample, process))),
    ]);
    into.cpu[`${store} ${name}`] = Object.fromEntries(each);
    into.rows.push([`${store} ${name}`, Math.round(median(samples.map(perSecond)))]);
  }
};

const cassandra = async (context: BenchContext, queues: Queues, into: Found) => {
  const stack = await context.stack();
  const { messages } = sizes(context.quick);
  const keyspace = await BenchKeyspace.create(context);
  // The loops have tables of their own: their chats are not the service's.
  const loops = await BenchKeyspace.create(context);
  const bare = await startForward(context, queues, 'bare', { writes: 'nothing' });
  const store = await startForward(context, queues, 'store', { writes: 'all', cassandra: loops.endpoint });
  const plain = await startForward(context, queues, 'plain', { writes: 'plain', cassandra: loops.endpoint });
  const service = await startCassandraService(context, queues, keyspace);
  const { spread, hot } = streams(context);
  await createChats(queues, service, spread, hot);
  const load = streams(context).spread.load;
  const [toBare, toStore, toPlain] = ['a', 'b', 'c'].map((name) => new Stream({ ...load, run: name })) as [
    Stream,
    Stream,
    Stream,
  ];
  const found = await run(context, {
    A: () => drain(bare, toBare, messages, queues, stack),
    'A+S': () => drain(store, toStore, messages, queues, stack),
    'A+P': () => drain(plain, toPlain, messages, queues, stack),
    service: () => drain(service, spread, messages, queues, stack),
    'service, one chat': () => drain(service, hot, messages, queues, stack),
  });
  const reader = new CassandraChatReader(new DataAccess(keyspace.client));
  for (const stream of [spread, hot]) await checkStored(reader, stream);
  for (const { child } of [bare, store, plain, service]) await child.stop();
  into.ratios.add('pipeline.cassandra.spread', ratiosOf(found.service, found['A+S'], perSecond));
  into.ratios.add('pipeline.cassandra.plain', ratiosOf(found.service, found['A+P'], perSecond));
  into.ratios.add('pipeline.cassandra.bare', ratiosOf(found.service, found.A, perSecond));
  into.ratios.add('pipeline.cassandra.hot', ratiosOf(found['service, one chat'], found.service, perSecond));
  const client = (sample: Sample) => cpuPerOperation(sample, 'service');
  into.ratios.add('pipeline.cpu', ratiosOf(found.service, found['A+S'], client));
  const servers = (sample: Sample) => cpuPerOperation(sample) - cpuPerOperation(sample, 'generator');
  into.ratios.add('pipeline.cassandra.cpu.all', ratiosOf(found.service, found['A+S'], servers));
  note(into, 'cassandra', found);
};

const sqlite = async (context: BenchContext, queues: Queues, into: Found) => {
  const stack = await context.stack();
  const { messages } = sizes(context.quick);
  const store = await startForward(context, queues, 'sqlite', { writes: 'all', dataDir: benchFolder(context) });
  const service = await startSqliteService(context, queues);
  const { spread, hot } = streams(context);
  await createChats(queues, service, spread, hot);
  const toStore = new Stream({ ...spread.load, run: 'a' });
  const found = await run(context, {
    'A+S': () => drain(store, toStore, messages, queues, stack),
    service: () => drain(service, spread, messages, queues, stack),
    'service, one chat': () => drain(service, hot, messages, queues, stack),
  });
  for (const { child } of [store, service]) await child.stop();
  const { database, close } = openDataFolder(service.dataDir);
  for (const stream of [spread, hot]) await checkStored(new SqliteChatReader(database), stream);
  close();
  into.ratios.add('pipeline.sqlite.spread', ratiosOf(found.service, found['A+S'], perSecond));
  into.ratios.add('pipeline.sqlite.hot', ratiosOf(found['service, one chat'], found.service, perSecond));
  const client = (sample: Sample) => cpuPerOperation(sample, 'service');
  into.ratios.add('pipeline.sqlite.cpu', ratiosOf(found.service, found['A+S'], client));
  note(into, 'sqlite', found);
};

export const pipeline: Bench = {
  about: 'messages/s and CPU per message against a loop with the same writes and no logic',
  maxMinutes: 60,
  run: async (context) => {
    const { chats, messages } = sizes(context.quick);
    const into: Found = { ratios: new Ratios(), rows: [], cpu: {} };
    const queues = await Queues.open(await (await context.stack()).newVhost(), context);
    await cassandra(context, queues, into);
    await sqlite(context, queues, into);
    return {
      ratios: into.ratios.accepted,
      refused: into.ratios.refused,
      cpuMicrosPerMessage: into.cpu,
      tables: [{ title: 'Messages per second, median', columns: ['', 'messages/s'], rows: into.rows }],
      curves: [],
      notes: [
        `${messages} messages of ${bodyBytes} bytes a sample, over ${chats} chats or in one, out of full queues: quorum queues, prefetch ${prefetch} on each of 16, persistent, confirmed.`,
        'A: consume, publish with confirm, ack. A+S: the same with the journal and the tables. A+P: the same with one INSERT per message. None of the three parses, authorises or orders anything.',
        'Cassandra: one node, commitlog_sync periodic. SQLite: WAL, synchronous FULL.',
      ],
    };
  },
};
