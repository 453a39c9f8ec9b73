import { type ShardNumber, shardNumber } from '../../domain/ids.ts';
import { type DataAccess, numberOf } from './data-access.ts';

/** Statements on `shards` and `sessions`. A condition on the epoch keeps a late copy of an earlier statement from doing anything. */
export const shardQueries = {
  add: `INSERT INTO shards (shard, owner, epoch) VALUES (?, '', 0) IF NOT EXISTS`,
  change: 'UPDATE shards SET owner = ?, epoch = ? WHERE shard = ? IF owner = ? AND epoch = ?',
  free: `UPDATE shards SET owner = '' WHERE shard = ? IF owner = ? AND epoch = ?`,
} as const;

export type ShardRow = { readonly shard: ShardNumber; readonly owner: string; readonly epoch: number };

const shardRow = (row: Record<string, unknown>): ShardRow => ({
  shard: shardNumber(row.shard as number),
  owner: row.owner as string,
  epoch: numberOf(row.epoch),
});

export const readShards = async (data: DataAccess): Promise<ShardRow[]> =>
  (await data.rows('SELECT shard, owner, epoch FROM shards', [])).map(shardRow).sort((a, b) => a.shard - b.shard);

export const readShard = async (data: DataAccess, shard: ShardNumber): Promise<ShardRow | undefined> => {
  const row = await data.row('SELECT shard, owner, epoch FROM shards WHERE shard = ?', [shard]);
  return row && shardRow(row);
};

/** Sessions by their own account, with the label of their process. A hint: rows vanish with their TTL. */
export const readSessions = async (data: DataAccess): Promise<{ session: string; instance: string }[]> =>
  (await data.rows('SELECT session, instance FROM sessions', [])).map((row) => ({
    session: row.session,
    instance: row.instance,
  }));

export const writeSessionHint = (
  data: DataAccess,
  session: string,
  instance: string,
  ttlSeconds: number,
): Promise<void> =>
  written(data, 'INSERT INTO sessions (session, instance) VALUES (?, ?) USING TTL ?', [session, instance, ttlSeconds]);

export const removeSessionHint = (data: DataAccess, session: string): Promise<void> =>
  written(data, 'DELETE FROM sessions WHERE session = ?', [session]);

const written = (data: DataAccess, query: string, params: readonly unknown[]): Promise<void> =>
  new Promise((resolve, reject) =>
    data.write([{ query, params }], (error) => (error === undefined ? resolve() : reject(error))),
  );
