import type { Session } from '../../src/application/ports/ownership.ts';
import { noTelemetry } from '../../src/application/ports/telemetry.ts';
import type { CellDeps } from './shard.protocol.ts';
import { ShardKeeper } from './shard-keeper.ts';

export type CellStatus = {
  /** Undefined while no session could be begun. */
  readonly session: string | undefined;
  readonly shards: readonly number[];
  readonly residentChats: number;
  /** Deliveries in the mailboxes of the chats. */
  readonly waiting: number;
};

export type Cell = {
  status(): CellStatus;
  /** Drains and releases every shard and ends the session, in about `timeoutMs` at most. */
  stop(timeoutMs: number): Promise<void>;
};

/** Bounds how long a shard that was given back is served by nobody. A look costs a few reads of tiny rows. */
const balanceEveryMs = 250;
const shortestPauseMs = 1_000;
const longestPauseMs = 60_000;
const defaultBrokerPatienceMs = 15_000;
/** For what can still be finished of a shard that is given away because the broker is out of reach. */
const cutOffDrainMs = 2_000;

/** Keeps one session alive for as long as the process runs: begins it, holds this process's share of the shards in it, and begins a
 *  new one when it is lost. */
export const startCell = (deps: CellDeps): Cell => {
  const {
    clock,
    logger,
    ownership,
    consumer,
    telemetry = noTelemetry,
    brokerPatienceMs = defaultBrokerPatienceMs,
  } = deps;
  const stopping = new AbortController();
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

  const brokerInReach = async (): Promise<void> => {
    while (consumer.available === false) await clock.sleep(balanceEveryMs, stopping.signal);
  };

  /** Resolves when the broker was out of reach at every look for too long. Rejects with the signal's reason. */
  const cutOffFromBroker = async (signal: AbortSignal): Promise<void> => {
    for (let inReachMs = clock.monotonicMs(); ; ) {
      const nowMs = clock.monotonicMs();
      if (consumer.available !== false) inReachMs = nowMs;
      else if (nowMs - inReachMs >= brokerPatienceMs) return;
      await clock.sleep(balanceEveryMs, signal);
    }
  };

  /** Somebody else may reach the broker: what is finished is given back, what is undone is left to whoever takes the shard. */
  const giveAway = async (current: Session, shards: ShardKeeper): Promise<void> => {
    logger.error({ session: current.id, shards: shards.heldShards }, 'the broker is out of reach; the session ends');
    await Promise.all([current.leave(), shards.drain(cutOffDrainMs)]);
    await current.end();
  };

  /** Holds the session's share of the shards until one of the two ends it, or the service stops. */
  const live = async (current: Session, shards: ShardKeeper): Promise<'lost' | 'cut off' | undefined> => {
    let end: 'lost' | 'cut off' | undefined;
    const over = new AbortController();
    const signal = AbortSignal.any([over.signal, stopping.signal]);
    void current.lost.then(async (error) => {
      if (end === undefined && !stopping.signal.aborted)
        logger.error({ err: error, session: current.id }, 'the session is lost; a new one begins');
      end ??= 'lost';
      over.abort();
      await shards.abandon();
    });
    void cutOffFromBroker(signal).then(
      () => {
        end ??= 'cut off';
        over.abort();
      },
      () => {},
    );
    while (!signal.aborted) {
      const balanced = shards
        .balance()
        .catch((error) => logger.warn({ err: error }, 'the shards could not be looked at; trying again'));
      await unlessAborted(balanced, signal);
      shards.passivate();
      await clock.sleep(balanceEveryMs, signal).catch(() => {}); // over: the loop ends
    }
    over.abort();
    return end;
  };

  const run = (async () => {
    let pauseMs = 0;
    while (!stopping.signal.aborted) {
      if (pauseMs > 0) await clock.sleep(pauseMs, stopping.signal);
      await brokerInReach();
      session = await begin();
      const begunMs = clock.monotonicMs();
      telemetry.add('sessions', 1, { event: 'begun' });
      logger.info({ session: session.id }, 'session begun');
      keeper = new ShardKeeper(deps, session);
      const end = await live(session, keeper);
      if (end !== undefined) telemetry.add('sessions', 1, { event: end });
      if (end === 'cut off') await giveAway(session, keeper);
      if (end === 'cut off' || !stopping.signal.aborted) session = undefined;
      // A connection that comes and goes must not make sessions come and go with it.
      const short = end === 'cut off' && clock.monotonicMs() - begunMs < longestPauseMs;
      pauseMs = short ? Math.min(Math.max(pauseMs * 2, shortestPauseMs), longestPauseMs) : 0;
    }
  })().catch((error) => {
    if (!stopping.signal.aborted) throw error;
  });

  return {
    status: () => ({
      session: session?.id,
      shards: keeper?.heldShards ?? [],
      residentChats: keeper?.residentChats ?? 0,
      waiting: keeper?.waiting ?? 0,
    }),
    stop: async (timeoutMs) => {
      stopping.abort(new Error('the service is stopping'));
      await run;
      await Promise.all([session?.leave(), keeper?.drain(timeoutMs)]);
      await session?.end();
    },
  };
};

/** When it is done, or the signal is given. A `Promise.race` with a promise that is pending for as long as the session lives leaves something
 *  with it every time: four times a second, that was 200 MB a day. */
const unlessAborted = (done: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const end = (): void => {
      signal.removeEventListener('abort', end);
      resolve();
    };
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', end);
    done.then(end);
  });
