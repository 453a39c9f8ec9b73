import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Decision } from '../../src/application/decision.ts';
import {
  type CassandraClient,
  connectData,
  connectLedger,
  connectSchema,
} from '../../src/infrastructure/cassandra/client.ts';
import { DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import { migrateCassandra } from '../../src/infrastructure/cassandra/migrate.ts';
import { projectionOf } from '../../src/infrastructure/cassandra/projection.ts';
import type { ProjectionStatement } from '../../src/infrastructure/cassandra/projection-queries.ts';
import { batchesOf } from '../../src/infrastructure/cassandra/projector.ts';
import { settleShardCount } from '../../src/infrastructure/cassandra/shard-count.ts';
import type { BenchContext } from '../core/bench.ts';
import { type LocalStack, untilQuiet } from '../core/local-stack.ts';
import { type ChatPlan, madeClock, madeDecisions } from './made-chat.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
/** Decisions of one chat that are written together. */
const together = 100;
const inFlight = 24;

/** A keyspace of this run's own, with the service's tables; dropped at the end. */
export class BenchKeyspace {
  readonly name = `bench_${randomBytes(4).toString('hex')}`;
  readonly shards: number;
  readonly stack: LocalStack;
  #client!: CassandraClient;
  #data!: DataAccess;

  private constructor(stack: LocalStack, shards: number) {
    this.stack = stack;
    this.shards = shards;
  }

  static async create(context: BenchContext, { shards = 16 } = {}): Promise<BenchKeyspace> {
    const keyspace = new BenchKeyspace(await context.stack(), shards);
    context.onEnd(() => keyspace.#drop());
    await migrateCassandra({ ...keyspace.endpoint, logger: silent });
    keyspace.#client = await connectData(keyspace.endpoint);
    keyspace.#data = new DataAccess(keyspace.#client);
    const ledger = await connectLedger(keyspace.endpoint);
    await settleShardCount(ledger, keyspace.#data, shards);
    await ledger.shutdown();
    return keyspace;
  }

  get endpoint() {
    return { ...this.stack.cassandra, keyspace: this.name };
  }

  get client(): CassandraClient {
    return this.#client;
  }

  /** Writes chats as their projections would be, without a journal. */
  async load(plans: Iterable<ChatPlan>): Promise<void> {
    const clocks = Array.from({ length: this.shards }, (_, shard) => madeClock(shard));
    const running = new Set<Promise<void>>();
    const room = async () => {
      while (running.size >= inFlight) await Promise.race(running);
    };
    const start = (work: Promise<void>) => {
      const tracked: Promise<void> = work.finally(() => running.delete(tracked));
      running.add(tracked);
    };
    for (const plan of plans) {
      // Conditional elsewhere; nobody else can claim this one, and a plain row costs a tenth.
      start(
        this.#data.put({
          query: 'INSERT INTO chat_homes (chat_id, shard) VALUES (?, ?)',
          params: [plan.id, plan.shard],
        }),
      );
      let group: Decision[] = [];
      for (const decision of madeDecisions(plan, clocks[plan.shard]!)) {
        group.push(decision);
        if (group.length < together) continue;
        await room();
        start(this.#project(group));
        group = [];
      }
      await room();
      start(this.#project(group));
    }
    await Promise.all(running);
  }

  /** Everything on disk, and the server at rest, so that what was loaded first is read like what was loaded last. */
  async settle(): Promise<void> {
    const { rows } = await this.#client.execute('SELECT table_name FROM system_schema.tables WHERE keyspace_name = ?', [
      this.name,
    ]);
    const period = async (ms: number) => {
      for (const { table_name } of rows)
        await this.#client.execute(`ALTER TABLE ${this.name}.${table_name} WITH memtable_flush_period_in_ms = ${ms}`);
    };
    await period(1_000);
    await sleep(2_000);
    await period(0);
    await untilQuiet(this.stack.pids.store);
  }

  async #project(decisions: readonly Decision[]): Promise<void> {
    const projections = decisions.map(projectionOf);
    await this.#write(projections.flatMap(({ content }) => content));
    await this.#write(projections.flatMap(({ index }) => index));
  }

  async #write(statements: readonly ProjectionStatement[]): Promise<void> {
    if (statements.length === 0) return;
    await Promise.all(
      batchesOf(statements).map(
        (batch) =>
          new Promise<void>((resolve, reject) =>
            this.#data.write(batch, (error) => (error === undefined ? resolve() : reject(error))),
          ),
      ),
    );
  }

  async #drop(): Promise<void> {
    await this.#client?.shutdown();
    const schema = await connectSchema(this.endpoint);
    await schema.execute(`DROP KEYSPACE IF EXISTS ${this.name}`);
    await schema.shutdown();
  }
}
