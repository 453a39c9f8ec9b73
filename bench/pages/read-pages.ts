import type { ChatReader, PageRequest } from '../../src/application/ports/chat-reader.ts';
import { readHistory } from '../../src/application/use-cases/read-history.ts';
import { chatId, micros, seq, userId } from '../../src/domain/ids.ts';
import { CassandraChatReader } from '../../src/infrastructure/cassandra/cassandra-chat-reader.ts';
import { DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import { CedarPolicyEngine } from '../../src/infrastructure/cedar/cedar-policy-engine.ts';
import { openDataFolder } from '../../src/infrastructure/sqlite/data-folder.ts';
import { SqliteChatReader } from '../../src/infrastructure/sqlite/sqlite-chat-reader.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import { pageJson } from '../../src/interface-adapters/http/page-json.ts';
import type { BenchContext } from '../core/bench.ts';
import type { Sample } from '../core/rounds.ts';
import { counting } from '../http/coalesced.ts';
import { cpuMicros } from '../process-cpu.ts';
import { BenchKeyspace } from '../stores/cassandra-loader.ts';
import { type ChatPlan, spacingMicros } from '../stores/made-chat.ts';
import { benchFolder, loadSqlite } from '../stores/sqlite-loader.ts';

/** One store as the pages are read from it: what a query costs it outside this process, and how many there were. */
export type Source = {
  readonly name: 'cassandra' | 'sqlite';
  readonly readers: readonly ChatReader[];
  readonly storeMicros: () => number;
  readonly queries: () => number;
  /** Pages of a sample, in units of what a sample of Cassandra takes. */
  readonly times: number;
};

export type Place = 'newest' | 'oldest' | 'seq' | 'time';
export const limit = 50;
/** Reads under way at once, each by a reader of its own: one reader would answer equal ones with one query. */
export const atOnce = 4;

const clock = new SystemClock();
const engine = CedarPolicyEngine.load(new URL('../../policies', import.meta.url).pathname);
const policy = {
  decide: async (requests: Parameters<typeof engine.decide>[0][]) => requests.map((one) => engine.decide(one)),
};

const anchorAt = (place: Place, plan: ChatPlan, start: number): PageRequest['anchor'] => {
  const at = 1 + Math.floor(Math.random() * plan.messages);
  switch (place) {
    case 'newest':
      return { at: 'newest' };
    case 'oldest':
      return { at: 'after', seq: seq(0) };
    case 'seq':
      return { at: 'around', seq: seq(at) };
    case 'time':
      return { at: 'time', time: micros(start + at * spacingMicros) };
  }
};

/** Reads pages as a request does once it is authenticated: rights, page, JSON text. */
export const pagesOf = async (
  source: Source,
  plan: ChatPlan,
  start: number,
  place: Place,
  count: number,
): Promise<Sample> => {
  const id = chatId(plan.id);
  const before = { own: process.cpuUsage(), store: source.storeMicros(), ms: performance.now() };
  let left = count;
  await Promise.all(
    source.readers.map(async (reader) => {
      const read = readHistory({ reader, policy, clock });
      while (left-- > 0) {
        const where = { anchor: anchorAt(place, plan, start), limit };
        const found = await read({ userId: userId('1'), chatId: id }, where);
        if (found.kind !== 'ok') throw new Error(`a page of ${plan.id} was refused: ${found.rejection.code}`);
        if (found.page.items.length !== limit)
          throw new Error(`a page of ${plan.id} has ${found.page.items.length} items`);
        JSON.stringify(pageJson(id, where, found.page));
      }
    }),
  );
  const own = process.cpuUsage(before.own);
  return {
    operations: count,
    wallMs: performance.now() - before.ms,
    cpu: { service: own.user + own.system, store: source.storeMicros() - before.store },
  };
};

/** Bytes of kept pages. It is about pages that are read; `http` is about those that need not be. */
const nothingKept = 1;

/** Chats in Cassandra, on disk, and who reads them. */
export const cassandraPages = async (plans: readonly ChatPlan[], context: BenchContext): Promise<Source> => {
  const keyspace = await BenchKeyspace.create(context);
  await keyspace.load(plans);
  context.log('Cassandra loaded');
  await keyspace.settle();
  const { counted, asked } = counting(keyspace.client);
  return {
    name: 'cassandra',
    readers: Array.from({ length: atOnce }, () => new CassandraChatReader(new DataAccess(counted), nothingKept)),
    storeMicros: () => cpuMicros(keyspace.stack.pids.store),
    queries: () => asked.queries,
    times: 1,
  };
};

/** In one process with the service: what the store costs is in the service's figure. */
export const sqlitePages = (plans: readonly ChatPlan[], context: BenchContext): Source => {
  const folder = benchFolder(context);
  loadSqlite(folder, plans);
  context.log('SQLite loaded');
  const { database, close } = openDataFolder(folder);
  context.onEnd(close);
  return {
    name: 'sqlite',
    readers: [new SqliteChatReader(database)],
    storeMicros: () => 0,
    queries: () => 0,
    times: 5,
  };
};
