import type { Session } from '../../src/application/ports/ownership.ts';
import type { CellDeps } from './shard.protocol.ts';
import { ShardKeeper } from './shard-keeper.ts';

export type CellStatus = {
  /** Undefined while no session could be begun. */
  readonly session: string | undefined;
  readonly shards: readonly number[];
  readonly residentChats: number;
};

export type Cell = {
  status(): CellStatus;
  /** Drains and releases every shard and ends the session, in about `timeoutMs` at most. */
  stop(timeoutMs: number): Promise<void>;
};

/** Bounds how long a shard that was given back is served by nobody. A look costs a few reads of tiny rows. */
const balanceEveryMs = 250;
const longestPauseMs = 60_000;

/** Keeps one session alive for as long as the process runs: begins it, holds this process's share of the shards in it, and begins a
 *  new one when it is lost. */
export const startCell = (deps: CellDeps): Cell => {
  const { clock, logger, ownership } = deps;
  const stopping = new AbortController();
  const stopped = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  let session: Session | undefined;
  let keeper: ShardKeeper | undefined;

  const begin = async (): Promise<Session> => {
    for (let pauseMs = 200; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await ownership.begin();
      } catch (error) {
        stopping.signal.throwIfAborted();
        logger.warn({ err: error, retryInMs: pauseMs }, 'no session could be begun; trying again');
        await clock.sleep(pauseMs * (0.5 + Math.random() / 2), stopping.signal);
      }
    }
  };

  const live = async (current: Session, shards: ShardKeeper): Promise<void> => {
    let lost = false;
    void current.lost.then(async (error) => {
      lost = true;
      if (!stopping.signal.aborted)
        logger.error({ err: error, session: current.id }, 'the session is lost; a new one begins');
      await shards.abandon();
    });
    while (!lost && !stopping.signal.aborted) {
      await Promise.race([
        shards
          .balance()
          .catch((error) => logger.warn({ err: error }, 'the shards could not be looked at; trying again')),
        current.lost,
        stopped,
      ]);
      shards.passivate();
      await Promise.race([clock.sleep(balanceEveryMs, stopping.signal), current.lost]);
    }
  };

  const run = (async () => {
    while (!stopping.signal.aborted) {
      session = await begin();
      logger.info({ session: session.id }, 'session begun');
      keeper = new ShardKeeper(deps, session);
      await live(session, keeper);
      if (!stopping.signal.aborted) session = undefined;
    }
  })().catch((error) => {
    if (!stopping.signal.aborted) throw error;
  });

  return {
    status: () => ({
      session: session?.id,
      shards: keeper?.heldShards ?? [],
      residentChats: keeper?.residentChats ?? 0,
    }),
    stop: async (timeoutMs) => {
      stopping.abort(new Error('the service is stopping'));
      await run;
      await Promise.all([session?.leave(), keeper?.drain(timeoutMs)]);
      await session?.end();
    },
  };
};
