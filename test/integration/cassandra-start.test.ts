import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectSchema } from '../../src/infrastructure/cassandra/client.ts';
import { CassandraMisconfigured, CassandraUnavailable } from '../../src/infrastructure/cassandra/failures.ts';
import { migrateCassandra } from '../../src/infrastructure/cassandra/migrate.ts';
import { endpoint, silentLogger, TestKeyspace } from '../support/cassandra-cell.ts';
import { patient } from '../support/cell-harness.ts';

describe('starting on Cassandra', patient, () => {
  let keyspace: TestKeyspace;

  beforeAll(async () => {
    keyspace = await new TestKeyspace().create();
  }, patient.timeout);
  afterAll(() => keyspace.drop(), patient.timeout);

  const migrate = () => migrateCassandra({ ...endpoint(keyspace.name), logger: silentLogger });
  const filesApplied = async () =>
    (await keyspace.ledger.execute('SELECT name FROM schema_migrations')).rows.map((row) => row.name).sort();

  it('applies every file once, however often it runs', async () => {
    const applied = await filesApplied();
    expect(applied).toEqual(expect.arrayContaining(['002-ownership.cql', '004-messages.cql']));
    await migrate();
    expect(await filesApplied()).toEqual(applied);
  });

  it('starts on no log with read repair, which would tear what was written together', async () => {
    const schema = await connectSchema(endpoint(keyspace.name));
    const readRepair = (kind: string) =>
      schema.execute(`ALTER TABLE ${keyspace.name}.messages WITH read_repair = '${kind}'`);
    await readRepair('BLOCKING');
    const opening = keyspace.open();
    await expect(opening).rejects.toBeInstanceOf(CassandraUnavailable);
    await expect(opening).rejects.toThrow(`ALTER TABLE ${keyspace.name}.messages WITH read_repair = 'NONE';`);
    await readRepair('NONE');
    await schema.shutdown();
    await expect(keyspace.open()).resolves.toBeDefined();
  });

  it('names the files that were not applied', async () => {
    await keyspace.ledger.execute("DELETE FROM schema_migrations WHERE name = '009-whole-mutations.cql' IF EXISTS");
    const opening = keyspace.open();
    await expect(opening).rejects.toBeInstanceOf(CassandraUnavailable);
    await expect(opening).rejects.toThrow('lacks 009-whole-mutations.cql of cql/. Run `npm run migrate`');
    await migrate();
    await expect(keyspace.open()).resolves.toBeDefined();
  });

  it('waits for the tables of a keyspace that somebody has made', async () => {
    const empty = `${keyspace.name}_e`;
    const schema = await connectSchema(endpoint(keyspace.name));
    await schema.execute(
      `CREATE KEYSPACE ${empty} WITH replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    );
    const opening = keyspace.open({ keyspace: empty });
    await expect(opening).rejects.toBeInstanceOf(CassandraUnavailable);
    await expect(opening).rejects.toThrow('Run `npm run migrate`');
    await schema.execute(`DROP KEYSPACE ${empty}`);
    await schema.shutdown();
  });

  it('lets two instances migrate at once', async () => {
    const schema = await connectSchema(endpoint(keyspace.name));
    await schema.execute(`DROP TABLE ${keyspace.name}.chat_buckets`);
    await schema.execute(`TRUNCATE ${keyspace.name}.schema_migrations`);
    await schema.shutdown();
    await Promise.all([migrate(), migrate(), migrate()]);
    expect(await filesApplied()).toEqual(expect.arrayContaining(['002-ownership.cql', '004-messages.cql']));
    expect(await filesApplied()).not.toContain('lock');
    await expect(keyspace.ledger.execute('SELECT * FROM chat_buckets')).resolves.toBeDefined();
  });

  it('refuses names that could end a quotation', async () => {
    const bad = { ...endpoint(`x'; DROP`), logger: silentLogger };
    await expect(migrateCassandra(bad)).rejects.toBeInstanceOf(CassandraMisconfigured);
  });

  it('keeps the number of shards, raises it on demand and never lowers it', async () => {
    expect((await keyspace.open()).ownership.shardCount).toBe(16);
    expect((await keyspace.open({ shards: 20 })).ownership.shardCount).toBe(20);
    expect((await keyspace.open()).ownership.shardCount).toBe(20);
    await expect(keyspace.open({ shards: 8 })).rejects.toThrow('never lowered');
    const session = await (await keyspace.open()).ownership.begin();
    expect((await session.view()).shards.map(({ shard }) => shard)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });

  it('says in one sentence that nobody answers, which may pass', async () => {
    const opening = keyspace.open({ contactPoints: ['127.0.0.1:1'] });
    await expect(opening).rejects.toThrow(/^Cassandra does not answer at 127\.0\.0\.1:1/);
    await expect(opening).rejects.toBeInstanceOf(CassandraUnavailable);
  });

  it('says which setting is wrong, which does not pass', async () => {
    const elsewhere = keyspace.open({ localDataCenter: 'mars' });
    await expect(elsewhere).rejects.toThrow('CASSANDRA_LOCAL_DATACENTER');
    await expect(elsewhere).rejects.toBeInstanceOf(CassandraMisconfigured);
    await expect(keyspace.open({ keyspace: 'nowhere' })).rejects.toThrow('CASSANDRA_KEYSPACE');
  });

  it('counts the sessions that live', async () => {
    const sessions = [await keyspace.open(), await keyspace.open(), await keyspace.open()].map((cell) =>
      cell.ownership.begin(),
    );
    const [first, ...others] = await Promise.all(sessions);
    const before = (await first!.view()).liveInstances;
    for (const session of others) await session.end();
    expect((await first!.view()).liveInstances).toBe(before - 2);
  });
});
