import type { ChatCatalogue } from '../../application/ports/chat-catalogue.ts';
import type { ChatReader } from '../../application/ports/chat-reader.ts';
import type { Ownership } from '../../application/ports/ownership.ts';
import type { PersonalStore } from '../../application/ports/personal-store.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import { noTelemetry, type Telemetry } from '../../application/ports/telemetry.ts';
import { CassandraChatCatalogue } from './cassandra-chat-catalogue.ts';
import { CassandraChatReader } from './cassandra-chat-reader.ts';
import { CassandraOwnership } from './cassandra-ownership.ts';
import { CassandraPersonalStore } from './cassandra-personal-store.ts';
import { type CassandraEndpoint, connectData, connectLedger } from './client.ts';
import { DataAccess } from './data-access.ts';
import { checkSchema } from './schema-check.ts';
import { settleShardCount } from './shard-count.ts';

export type CassandraCellOptions = CassandraEndpoint & {
  /** What the store has when left out, else 16. May be raised, never lowered. */
  readonly shards?: number | undefined;
  readonly instanceId: string;
  readonly sessionTimeoutMs: number;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly telemetry?: Telemetry | undefined;
};

export type CassandraCell = {
  readonly reader: ChatReader;
  readonly personal: PersonalStore;
  readonly catalogue: ChatCatalogue;
  readonly ownership: Ownership;
  ping(): Promise<void>;
  /** Ends the session and closes the connections. */
  close(): Promise<void>;
};

/** Opens the store of a cell whose keyspace exists. Rejects with CassandraUnavailable (try again) or CassandraMisconfigured. */
export const openCassandraCell = async (options: CassandraCellOptions): Promise<CassandraCell> => {
  const { shards, instanceId, sessionTimeoutMs, logger, clock, telemetry = noTelemetry } = options;
  const dataClient = await connectData(options);
  const ledger = await connectLedger(options).catch(async (error) => {
    await dataClient.shutdown();
    throw error;
  });
  const disconnect = () => Promise.all([dataClient.shutdown(), ledger.shutdown()]);
  try {
    const data = new DataAccess(dataClient, telemetry);
    await checkSchema(data, options.keyspace);
    const shardCount = await settleShardCount(ledger, data, shards);
    const ownership = new CassandraOwnership({
      ledger,
      data,
      clock,
      logger,
      instanceId,
      sessionTimeoutMs,
      shardCount,
      telemetry,
    });
    telemetry.watch('journalOpen', () => [{ value: ownership.openGroups }]);
    const reader = new CassandraChatReader(data);
    telemetry.watch('coalescedReads', () => [{ value: reader.coalescedReads }]);
    telemetry.watch('keptPages', () => [{ value: reader.keptPages }]);
    const personal = new CassandraPersonalStore(data);
    const catalogue = new CassandraChatCatalogue(data);
    const close = async () => {
      await ownership.close();
      await disconnect();
    };
    return { reader, personal, catalogue, ownership, ping: () => reader.ping(), close };
  } catch (error) {
    await disconnect();
    throw error;
  }
};
