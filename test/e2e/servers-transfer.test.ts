import { randomBytes } from 'node:crypto';
import { afterAll } from 'vitest';
import { connectSchema } from '../../src/infrastructure/cassandra/client.ts';
import { endpoint } from '../support/cassandra-cell.ts';
import { servers } from '../support/servers.ts';
import { transferSuite } from './transfer.suite.ts';

const keyspaces = new Map<string, string>();

transferSuite('Cassandra', 20_000, (folder) => {
  const keyspace = keyspaces.get(folder) ?? `move_${randomBytes(6).toString('hex')}`;
  keyspaces.set(folder, keyspace);
  return { ...servers(), DATA_DIR: folder, CASSANDRA_KEYSPACE: keyspace };
});

afterAll(async () => {
  const schema = await connectSchema(endpoint('system'));
  for (const keyspace of keyspaces.values()) await schema.execute(`DROP KEYSPACE IF EXISTS ${keyspace}`);
  await schema.shutdown();
});
