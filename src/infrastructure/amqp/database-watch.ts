import type { Clock, Logger } from '../../application/ports/system.ts';
import type { SupervisedConnection } from './connection.ts';
import { type DatabaseNames, declareDatabase } from './database-topology.ts';

export type DatabaseWatchOptions = {
  readonly connection: SupervisedConnection;
  readonly database: DatabaseNames;
  readonly clock: Clock;
  readonly logger: Logger;
};

export const databaseCheckEveryMs = 60_000;

/** A consumer hears of it when its queue is deleted; of a deleted exchange or binding nobody hears, and what the siblings publish is
 *  lost. So they are declared again at once and once a minute. Resolves when the signal is aborted; never rejects. */
export const watchDatabase = async (
  { connection, database, clock, logger }: DatabaseWatchOptions,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    try {
      const made = await declareDatabase(await connection.whenUp(signal), database);
      if (made.length > 0) logger.warn({ made }, "the siblings' way in was incomplete; it is made again");
    } catch (error) {
      if (!signal.aborted) logger.warn({ err: error }, "the siblings' way in cannot be looked after; trying again");
    }
    await clock.sleep(databaseCheckEveryMs, signal).catch(() => {});
  }
};
