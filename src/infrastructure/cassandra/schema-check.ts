import { readdir } from 'node:fs/promises';
import type { DataAccess } from './data-access.ts';
import { CassandraUnavailable } from './failures.ts';

/** The schema, as files that are applied in the order of their names. */
export const schemaFolder = new URL('../../../cql/', import.meta.url);

export const schemaFiles = async (): Promise<string[]> =>
  (await readdir(schemaFolder)).filter((name) => name.endsWith('.cql')).sort();

/** What a decision writes into these is one mutation, and read repair would tear it (`cql/009-whole-mutations.cql`). */
const withoutReadRepair = ['changes', 'messages'];

/** Rejects with CassandraUnavailable, so that the start is tried again, until every file of `cql/` was applied, and what it says stands: they may
 *  be on their way, by another instance or from another node. */
export const checkSchema = async (data: DataAccess, keyspace: string): Promise<void> => {
  const [applied, tables] = await Promise.all([
    data.rows('SELECT name FROM schema_migrations', []).catch((error: Error) => {
      if (/unconfigured table|table \S+ does not exist/i.test(error.message)) return []; // there is none yet
      throw error;
    }),
    data.rows('SELECT table_name, read_repair FROM system_schema.tables WHERE keyspace_name = ? AND table_name IN ?', [
      keyspace,
      withoutReadRepair,
    ]),
  ]);
  const names = new Set(applied.map((row) => row.name));
  // The first file makes the list itself.
  const missing = (await schemaFiles()).slice(1).filter((name) => !names.has(name));
  if (missing.length > 0)
    throw new CassandraUnavailable(
      `The keyspace ${keyspace} lacks ${missing.join(', ')} of cql/. Run \`npm run migrate\`, or start with MIGRATE=true.`,
    );
  const repaired = tables.filter((row) => row.read_repair !== 'NONE').map((row) => row.table_name);
  if (repaired.length > 0)
    throw new CassandraUnavailable(
      `Read repair is on for ${repaired.join(', ')} in the keyspace ${keyspace}, which tears what was written together: ${repaired
        .map((table) => `ALTER TABLE ${keyspace}.${table} WITH read_repair = 'NONE';`)
        .join(' ')}`,
    );
};
