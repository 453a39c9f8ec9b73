import type { ChatCatalogue } from './application/ports/chat-catalogue.ts';
import type { ChatReader } from './application/ports/chat-reader.ts';
import type { Ownership } from './application/ports/ownership.ts';
import type { PersonalStore } from './application/ports/personal-store.ts';
import type { Clock, Logger } from './application/ports/system.ts';
import type { Telemetry } from './application/ports/telemetry.ts';
import { openCassandraCell } from './infrastructure/cassandra/cell.ts';
import { CassandraUnavailable } from './infrastructure/cassandra/failures.ts';
import { migrateCassandra } from './infrastructure/cassandra/migrate.ts';
import type { Config } from './infrastructure/config/config.ts';
import { openSqliteCell } from './infrastructure/sqlite/sqlite-cell.ts';

export type Store = {
  readonly reader: ChatReader;
  readonly personal: PersonalStore;
  readonly catalogue: ChatCatalogue;
  readonly ownership: Ownership;
  close(): Promise<void>;
};

type Surroundings = {
  readonly logger: Logger;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly signal: AbortSignal;
};

/** Cassandra when it is configured, else SQLite. Waits for a server that may come up later; rejects when waiting cannot help. */
export const openStore = async (config: Config, surroundings: Surroundings): Promise<Store> => {
  const { cassandra, shards, instanceId, sessionTimeoutMs, dataDir } = config;
  if (cassandra === undefined) return openSqliteCell({ dataDir, shards, ...surroundings });
  return untilThere(surroundings, async () => {
    if (config.migrate) await migrate(config, surroundings.logger);
    return openCassandraCell({ ...endpointOf(cassandra), shards, instanceId, sessionTimeoutMs, ...surroundings });
  });
};

/** Applies `cql/` once; does nothing for SQLite, which brings its own tables up to date when it is opened. */
export const migrate = async ({ cassandra }: Config, logger: Logger): Promise<void> => {
  if (cassandra === undefined) return;
  await migrateCassandra({ ...endpointOf(cassandra), replicationFactor: cassandra.replicationFactor, logger });
};

const endpointOf = ({
  contactPoints,
  localDataCenter,
  keyspace,
  credentials,
  tls,
}: NonNullable<Config['cassandra']>) => ({
  contactPoints,
  localDataCenter,
  keyspace,
  username: credentials?.username,
  password: credentials?.password,
  tls,
});

const longestPauseMs = 10_000;

const untilThere = async <T>({ logger, clock, signal }: Surroundings, open: () => Promise<T>): Promise<T> => {
  for (let pauseMs = 500; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await open();
    } catch (error) {
      if (!(error instanceof CassandraUnavailable) || signal.aborted) throw error;
      logger.warn({ reason: error.message, retryInMs: pauseMs }, 'the store is not there yet; trying again');
      await clock.sleep(pauseMs * (0.5 + Math.random() / 2), signal);
    }
  }
};
