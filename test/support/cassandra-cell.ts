import { randomBytes } from 'node:crypto';
import type { Logger } from '../../src/application/ports/system.ts';
import {
  type CassandraCell,
  type CassandraCellOptions,
  openCassandraCell,
} from '../../src/infrastructure/cassandra/cell.ts';
import { type CassandraClient, connectLedger, connectSchema } from '../../src/infrastructure/cassandra/client.ts';
import { journalQueries } from '../../src/infrastructure/cassandra/journal-statements.ts';
import { migrateCassandra } from '../../src/infrastructure/cassandra/migrate.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';

export const silentLogger: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const contactPoints = (): string[] => {
  const points = process.env.CASSANDRA_CONTACT_POINTS;
  if (!points) throw new Error('these tests need CASSANDRA_CONTACT_POINTS; npm run test:servers sets it');
  return points.split(',');
};

export const endpoint = (keyspace: string) => ({
  contactPoints: contactPoints(),
  localDataCenter: process.env.CASSANDRA_LOCAL_DATACENTER ?? 'datacenter1',
  keyspace,
});

/** A keyspace of this run's own, and the cells that live in it. */
export class TestKeyspace {
  readonly name = `t_${randomBytes(6).toString('hex')}`;
  readonly #cells: CassandraCell[] = [];
  #ledger: CassandraClient | undefined;

  async create(): Promise<this> {
    await migrateCassandra({ ...endpoint(this.name), logger: silentLogger });
    this.#ledger = await connectLedger(endpoint(this.name));
    return this;
  }

  get ledger(): CassandraClient {
    return this.#ledger!;
  }

  async open(options: Partial<CassandraCellOptions> = {}): Promise<CassandraCell> {
    const cell = await openCassandraCell({
      ...endpoint(this.name),
      instanceId: `instance-${randomBytes(4).toString('hex')}`,
      sessionTimeoutMs: 6_000,
      logger: silentLogger,
      clock: new SystemClock(),
      ...options,
    });
    this.#cells.push(cell);
    return cell;
  }

  async sessionRow(session: string) {
    const row = (await this.ledger.execute(journalQueries.session, [session])).first();
    return {
      state: row.state as string,
      nextPos: Number(row.next_pos),
      donePos: Number(row.done_pos),
      beat: Number(row.beat),
    };
  }

  /** Fences a session as another process would, however fast it moves. */
  async fence(session: string): Promise<void> {
    for (;;) {
      const { nextPos, beat } = await this.sessionRow(session);
      const row = (await this.ledger.execute(journalQueries.fence, [session, nextPos, beat])).first();
      if (row['[applied]'] === true || row.state === 'fenced') return;
    }
  }

  /** Takes a message's row out, later than anything that was ever written. */
  async removeMessage(chatId: string, at: number): Promise<void> {
    const prepared = { prepare: true };
    const query = 'SELECT bucket, first_seq FROM chat_buckets WHERE chat_id = ?';
    const { rows } = await this.ledger.execute(query, [chatId], prepared);
    const { bucket } = rows.find((row) => Number(row.first_seq) <= at)!;
    const gone =
      'DELETE FROM messages USING TIMESTAMP 9000000000000000000 WHERE chat_id = ? AND bucket = ? AND seq = ?';
    await this.ledger.execute(gone, [chatId, bucket, at], prepared);
  }

  /** The content of the projection tables, write times included. */
  async dump(): Promise<Record<string, string[]>> {
    const tables = {
      messages: `chat_id, bucket, seq, body, rev, extras, edited, edited_body, removed, reactions, next_seq, next_rev, started_at,
        writetime(body), writetime(edited), writetime(removed), writetime(reactions), writetime(next_rev)`,
      message_versions: 'chat_id, bucket, seq, version, body, at, sender_id, writetime(body)',
      reactions: 'chat_id, bucket, seq, user_id, emoji, writetime(emoji)',
      deletions: 'chat_id, bucket, seq, rev, writetime(rev)',
      hidden_messages: 'chat_id, user_id, seq, rev, writetime(rev)',
      changes: 'chat_id, bucket, rev, details, writetime(details)',
      entry_keys: 'chat_id, bucket, first_rev, keys, writetime(keys)',
      chats: `chat_id, user_id, role, from_seq, from_rev, muted_until, hides, settings, updated_settings, large, current_bucket, first_bucket,
        writetime(role), writetime(settings), writetime(updated_settings), writetime(current_bucket), writetime(first_bucket)`,
      chats_by_user: 'user_id, chat_id, role, joined_at, active_at, large, writetime(role), writetime(active_at)',
      chats_ever_by_user: 'user_id, chat_id, joined_at, writetime(joined_at)',
      chat_buckets: 'chat_id, bucket, first_seq, first_rev, started_at, writetime(first_rev)',
    };
    const dump: Record<string, string[]> = {};
    for (const [table, columns] of Object.entries(tables)) {
      const { rows } = await this.ledger.execute(`SELECT ${columns} FROM ${table}`, [], { fetchSize: 100_000 });
      dump[table] = rows.map((row) => JSON.stringify(row)).sort();
    }
    return dump;
  }

  async drop(): Promise<void> {
    for (const cell of this.#cells) await cell.close();
    await this.#ledger?.shutdown();
    const schema = await connectSchema(endpoint(this.name));
    await schema.execute(`DROP KEYSPACE IF EXISTS ${this.name}`);
    await schema.shutdown();
  }
}
