import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from '../../application/ports/system.ts';
import { type CassandraClient, type CassandraEndpoint, connectSchema } from './client.ts';
import { CassandraMisconfigured, CassandraUnavailable } from './failures.ts';
import { schemaFiles, schemaFolder } from './schema-check.ts';

export type MigrateOptions = CassandraEndpoint & {
  /** Of a keyspace that is made now; an existing one keeps its own. 3 for production. */
  readonly replicationFactor?: number;
  readonly logger: Logger;
};

const lockTtlSeconds = 60;

/** Creates the keyspace and applies the files of `cql/` that it lacks, in their order. May run in many instances at once. */
export const migrateCassandra = async (options: MigrateOptions): Promise<void> => {
  const resolve = placeholders(options);
  const [first, ...rest] = await schemaFiles();
  const client = await connectSchema(options);
  const me = crypto.randomUUID();
  const table = `${options.keyspace}.schema_migrations`;
  try {
    // The first file makes what the lock and the list are kept in, so it cannot wait for them.
    await apply(client, resolve, first!);
    const applied = async () =>
      new Set((await client.execute(`SELECT name FROM ${table}`)).rows.map((row) => row.name));
    const isMissing = (known: Set<string>) => rest.filter((name) => !known.has(name));
    if (isMissing(await applied()).length === 0) return;
    await lock(client, table, me);
    for (const name of isMissing(await applied())) {
      await apply(client, resolve, name);
      await client.execute(
        `INSERT INTO ${table} (name, applied_by, applied_at) VALUES (?, ?, toTimestamp(now())) IF NOT EXISTS`,
        [name, me],
        { prepare: true },
      );
      options.logger.info({ file: name, keyspace: options.keyspace }, 'schema file applied');
    }
    await client.execute(`DELETE FROM ${table} WHERE name = 'lock' IF applied_by = ?`, [me], { prepare: true });
  } finally {
    await client.shutdown();
  }
};

/** Names go into the text of statements: only what cannot end a quotation is let through. */
const placeholders = ({ keyspace, localDataCenter, replicationFactor = 1 }: MigrateOptions) => {
  if (!/^[a-z]\w{0,47}$/.test(keyspace)) {
    throw new CassandraMisconfigured(
      `CASSANDRA_KEYSPACE must be lower-case letters, digits and _, not ${JSON.stringify(keyspace)}.`,
    );
  }
  if (!/^[\w.-]+$/.test(localDataCenter)) {
    throw new CassandraMisconfigured(`not the name of a data centre: ${JSON.stringify(localDataCenter)}.`);
  }
  const values: Record<string, string> = { keyspace, localDataCenter, replicationFactor: String(replicationFactor) };
  return (text: string) => text.replace(/\$\{(\w+)\}/g, (_, name: string) => values[name]!);
};

const apply = async (client: CassandraClient, resolve: (text: string) => string, name: string): Promise<void> => {
  const text = (await readFile(new URL(name, schemaFolder), 'utf8')).replace(/--.*$/gm, '');
  for (const statement of text.split(';')) {
    if (statement.trim() !== '') await client.execute(resolve(statement));
  }
};

const lock = async (client: CassandraClient, table: string, me: string): Promise<void> => {
  const take = `INSERT INTO ${table} (name, applied_by) VALUES ('lock', ?) IF NOT EXISTS USING TTL ${lockTtlSeconds}`;
  for (let waited = 0; waited <= 2 * lockTtlSeconds; waited++) {
    const row = (await client.execute(take, [me], { prepare: true })).first();
    // Named by an earlier try of ours whose answer was lost: also ours.
    if (row['[applied]'] === true || row.applied_by === me) return;
    await sleep(1_000);
  }
  throw new CassandraUnavailable('another instance has been changing the schema for two minutes; trying again later');
};
