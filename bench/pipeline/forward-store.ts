import { openJournaledCassandra, openPlainCassandra } from './forward-cassandra.ts';
import type { ForwardOptions } from './forward-options.ts';
import { openForwardSqlite } from './forward-sqlite.ts';

/** Calls `done` when the message is stored. The callers' ids make the rows differ; nothing else does. */
export type ForwardStore = {
  write(chatId: string, messageId: string, done: () => void): void;
  close(): Promise<void>;
};

const nothing: ForwardStore = { write: (_chat, _id, done) => done(), close: async () => {} };

export const openForwardStore = async (options: ForwardOptions): Promise<ForwardStore> => {
  if (options.writes === 'nothing') return nothing;
  if ('dataDir' in options) return openForwardSqlite(options.dataDir, options.bodyBytes);
  return options.writes === 'plain'
    ? openPlainCassandra(options.cassandra, options.bodyBytes)
    : openJournaledCassandra(options.cassandra, options.bodyBytes);
};
