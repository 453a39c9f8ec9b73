import { shardNumber } from '../../domain/ids.ts';
import type { CassandraClient } from './client.ts';
import type { DataAccess } from './data-access.ts';
import { CassandraMisconfigured, unavailable } from './failures.ts';
import { readShards, shardQueries } from './session-tables.ts';

const defaultShards = 16;

/** The number of shards of the cell: what the store has, raised to `wanted` when that is more. Chats have their home in a shard for
 *  ever, so it is never lowered. */
export const settleShardCount = async (
  ledger: CassandraClient,
  data: DataAccess,
  wanted: number | undefined,
): Promise<number> => {
  const stored = await readShards(data);
  const storedCount = (stored.at(-1)?.shard ?? -1) + 1;
  if (wanted !== undefined && wanted < storedCount) {
    throw new CassandraMisconfigured(
      `SHARDS is ${wanted}, but this cell has ${storedCount} shards. Their number can be raised, never lowered: set SHARDS to ${storedCount} or leave it out.`,
    );
  }
  const count = wanted ?? (storedCount || defaultShards);
  const known = new Set(stored.map((row) => row.shard));
  // From the top: the highest row stands for the number, and whoever opens next adds what is missing below it.
  for (let shard = count - 1; shard >= 0; shard--) {
    if (known.has(shardNumber(shard))) continue;
    try {
      await ledger.execute(shardQueries.add, [shard]);
    } catch (error) {
      throw unavailable('the rows of the shards could not be made', error);
    }
  }
  return count;
};
