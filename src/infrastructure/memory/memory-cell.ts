import type { GroupCommitOptions } from '../store-kit/group-commit.ts';
import { MemoryChatCatalogue } from './memory-chat-catalogue.ts';
import { MemoryChatReader } from './memory-chat-reader.ts';
import { MemoryChatStore } from './memory-chat-store.ts';
import { MemoryDatabase } from './memory-database.ts';
import { MemoryPersonalStore } from './memory-personal-store.ts';
import { SingleProcessOwnership } from './single-process-ownership.ts';

export type MemoryCellOptions = {
  readonly shards?: number;
  /** What an earlier cell has left behind. */
  readonly database?: MemoryDatabase;
  /** When a group of commits is written: by default at the end of this pass of the event loop. */
  readonly schedule?: GroupCommitOptions['schedule'];
};

/** A cell that forgets everything with the process: for tests. */
export const openMemoryCell = ({ shards = 16, database = new MemoryDatabase(), schedule }: MemoryCellOptions = {}) => {
  const ownership = new SingleProcessOwnership({
    shardCount: shards,
    raiseEpoch: (shard) => database.raiseEpoch(shard),
    store: () => new MemoryChatStore(database, schedule),
  });
  return {
    database,
    reader: new MemoryChatReader(database),
    personal: new MemoryPersonalStore(database),
    catalogue: new MemoryChatCatalogue(database),
    ownership,
  };
};
