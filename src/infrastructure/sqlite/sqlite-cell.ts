import type { ChatCatalogue } from '../../application/ports/chat-catalogue.ts';
import type { ChatReader } from '../../application/ports/chat-reader.ts';
import type { PersonalStore } from '../../application/ports/personal-store.ts';
import type { Logger } from '../../application/ports/system.ts';
import { noTelemetry, type Telemetry } from '../../application/ports/telemetry.ts';
import { SingleProcessOwnership } from '../memory/single-process-ownership.ts';
import { openDataFolder } from './data-folder.ts';
import { settleShardCount } from './schema.ts';
import { SqliteChatCatalogue } from './sqlite-chat-catalogue.ts';
import { SqliteChatReader } from './sqlite-chat-reader.ts';
import { SqliteChatStore } from './sqlite-chat-store.ts';
import { SqlitePersonalStore } from './sqlite-personal-store.ts';

export type SqliteCellOptions = {
  /** Made when it is not there. One process at a time. */
  readonly dataDir: string;
  /** By default what the store has, else 16; may raise it, never lower it. */
  readonly shards?: number | undefined;
  /** Hears of transactions that failed and are tried again. */
  readonly logger?: Logger | undefined;
  readonly telemetry?: Telemetry | undefined;
};

export type SqliteCell = {
  readonly reader: ChatReader;
  readonly personal: PersonalStore;
  readonly catalogue: ChatCatalogue;
  readonly ownership: SingleProcessOwnership;
  /** Ends every session and frees the data folder. */
  close(): Promise<void>;
};

const transaction = { 'db.system.name': 'sqlite', 'db.operation.name': 'transaction' };

/** The store of the embedded default. Throws an Error whose message is one sentence for the operator. */
export const openSqliteCell = ({ dataDir, shards, logger, telemetry = noTelemetry }: SqliteCellOptions): SqliteCell => {
  const folder = openDataFolder(dataDir);
  const { database } = folder;
  try {
    const shardCount = settleShardCount(database, shards);
    const raiseEpoch = database.prepare(
      'INSERT INTO shards (shard, epoch) VALUES (?, 1) ON CONFLICT DO UPDATE SET epoch = epoch + 1 RETURNING epoch',
    );
    const onRetry = (error: unknown, afterMs: number) =>
      logger?.warn({ err: error, afterMs, dataDir }, 'the store cannot be written; trying again');
    const onWritten = (_decisions: number, ms: number) => telemetry.record('storeDuration', ms / 1000, transaction);
    const ownership = new SingleProcessOwnership({
      shardCount,
      raiseEpoch: (shard) => raiseEpoch.get(shard)!.epoch as number,
      store: () => new SqliteChatStore(database, { onRetry, onWritten }),
    });
    const reader = new SqliteChatReader(database);
    const personal = new SqlitePersonalStore(database);
    const catalogue = new SqliteChatCatalogue(database);
    const close = async () => {
      await ownership.close();
      folder.close();
    };
    return { reader, personal, catalogue, ownership, close };
  } catch (error) {
    folder.close();
    throw error;
  }
};
