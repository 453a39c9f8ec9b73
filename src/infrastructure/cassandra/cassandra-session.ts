import { randomUUID } from 'node:crypto';
import type { Announce, CellView, Session, Tenure } from '../../application/ports/ownership.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import type { Telemetry } from '../../application/ports/telemetry.ts';
import type { ShardNumber } from '../../domain/ids.ts';
import { CassandraChatStore } from './cassandra-chat-store.ts';
import type { CassandraClient } from './client.ts';
import { Committer } from './committer.ts';
import { isApplied, untilAnswered } from './conditional.ts';
import { type DataAccess, numberOf } from './data-access.ts';
import { type FallenSessions, ReplayBlocked, type SessionRow } from './fallen-sessions.ts';
import { retireJournal } from './retire-journal.ts';
import {
  readSessions,
  readShard,
  readShards,
  removeSessionHint,
  type ShardRow,
  shardQueries,
  writeSessionHint,
} from './session-tables.ts';
import { Suspicion } from './suspicion.ts';

/** What all sessions of one process share. */
export type SessionContext = {
  readonly ledger: CassandraClient;
  readonly data: DataAccess;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly instanceId: string;
  readonly sessionTimeoutMs: number;
  readonly telemetry: Telemetry;
  readonly fallen: FallenSessions;
  /** True for sessions that this process began itself, or that its former life began: nobody lives in them. */
  readonly isFormerSelf: (session: string) => boolean;
};

export class CassandraSession implements Session {
  readonly id = randomUUID();
  readonly store: CassandraChatStore;
  readonly lost: Promise<Error>;
  readonly #context: SessionContext;
  readonly #committer: Committer;
  readonly #suspicion: Suspicion;
  readonly #held = new Map<ShardNumber, Tenure>();
  readonly #taking = new Set<ShardNumber>();
  #leaving = false;

  constructor(context: SessionContext) {
    const { ledger, data, clock, logger, sessionTimeoutMs, telemetry } = context;
    this.#context = context;
    this.#committer = new Committer({ session: this.id, ledger, data, clock, logger, sessionTimeoutMs, telemetry });
    this.#suspicion = new Suspicion(sessionTimeoutMs);
    this.store = new CassandraChatStore(ledger, data, this.#committer);
    this.lost = this.#committer.lost;
  }

  get openGroups(): number {
    return this.#committer.journal.openGroups;
  }

  /** The session's row exists from here on: beats begin. */
  start(): void {
    void this.#showLife();
  }

  async view(): Promise<CellView> {
    const { data, instanceId } = this.#context;
    this.#signal.throwIfAborted();
    const [rows, hints] = await Promise.all([readShards(data), readSessions(data)]);
    const others = new Set([...rows.map(({ owner }) => owner), ...hints.map(({ session }) => session)]);
    others.delete('');
    others.delete(this.id);
    const gone = await this.#goneAmong(others);
    const shards = rows.map(({ shard, owner }) => {
      const kind = owner === this.id ? 'mine' : owner === '' ? 'nobody' : gone.has(owner) ? 'gone' : 'living';
      return { shard, owner: kind } as const;
    });
    const living = hints.filter(({ session }) => others.has(session) && !gone.has(session));
    // A process that was restarted is one, whatever it has left behind.
    return { shards, liveInstances: new Set([instanceId, ...living.map(({ instance }) => instance)]).size };
  }

  async leave(): Promise<void> {
    this.#leaving = true;
    await removeSessionHint(this.#context.data, this.id).catch(() => {});
  }

  async take(shard: ShardNumber, announce: Announce): Promise<Tenure | undefined> {
    this.#signal.throwIfAborted();
    if (this.#held.has(shard) || this.#taking.has(shard)) return undefined;
    this.#taking.add(shard);
    try {
      const row = await readShard(this.#context.data, shard);
      if (row === undefined) throw new RangeError(`this cell has no shard ${shard}`);
      if (row.owner !== '' && row.owner !== this.id && !(await this.#replay(row, announce))) return undefined;
      return await this.#claim(row);
    } finally {
      this.#taking.delete(shard);
    }
  }

  async release({ shard, epoch }: Tenure): Promise<void> {
    const { ledger, clock, logger } = this.#context;
    if (this.#held.get(shard)?.epoch === epoch) this.#held.delete(shard);
    if (this.#committer.journal.hasUndoneOf(shard, epoch)) {
      // A free shard means that there is nothing to replay. The next owner must find this session instead.
      logger.error(
        { shard, epoch, session: this.id },
        'a shard with undone decisions cannot be released; the session ends',
      );
      this.#committer.journal.lose(`shard ${shard} was given back with something undone`);
      return;
    }
    const free = { query: shardQueries.free, params: [shard, this.id, epoch] };
    await untilAnswered(ledger, free, clock, this.#signal).catch((error) => {
      if (!this.#signal.aborted) throw error;
    });
  }

  async end(): Promise<void> {
    await this.#committer.end();
    await this.#retireOwn();
    await this.leave();
  }

  /** After a clean end nobody will come to take anything over, so nobody else would clear the journal. */
  async #retireOwn(): Promise<void> {
    if (this.#committer.journal.hasUndone) return;
    const { data, sessionTimeoutMs, logger } = this.#context;
    const signal = AbortSignal.timeout(sessionTimeoutMs);
    try {
      if ((await readShards(data)).some(({ owner }) => owner === this.id)) return;
      await retireJournal(this.#context, this.id, this.#committer.journal.nextPos, signal);
    } catch (error) {
      logger.warn(
        { err: error, session: this.id },
        'the journal of this session could not be cleared; a little room is lost',
      );
    }
  }

  get #signal(): AbortSignal {
    return this.#committer.journal.signal;
  }

  /** Makes sure that the shard's owner is no more, and finishes what it has left undone; false when it lives. */
  async #replay({ shard, owner }: ShardRow, announce: Announce): Promise<boolean> {
    const { fallen, logger } = this.#context;
    try {
      const seen = await fallen.read(owner);
      if (seen === undefined) throw new ReplayBlocked(`session ${owner} has no journal`, owner, undefined);
      if (!this.#isGone(owner, seen)) return false;
      const undone = await fallen.fence(owner, seen, this.#signal);
      if (undone === 'alive') {
        this.#suspicion.forget(owner);
        return false;
      }
      const ours = undone.get(shard) ?? [];
      await this.#committer.replay(ours);
      if (ours.length > 0) await announce(ours, seen.instance);
      this.#signal.throwIfAborted();
      return true;
    } catch (error) {
      if (error instanceof ReplayBlocked) {
        const { session, pos } = error;
        logger.error({ alarm: 'replay_blocked', shard, session, pos, err: error }, 'a shard cannot be taken over');
      }
      throw error;
    }
  }

  #isGone(session: string, seen: SessionRow): boolean {
    const { clock, isFormerSelf } = this.#context;
    if (seen.state === 'fenced' || isFormerSelf(session)) return true;
    return this.#suspicion.isSilent(session, seen, clock.monotonicMs(), this.#committer.journal.answered);
  }

  /** Looks at every other session once, so that silence is noticed whether or not this session has room for more shards. */
  async #goneAmong(others: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const gone = new Set<string>();
    this.#suspicion.forgetAllBut(others);
    await Promise.all(
      [...others].map(async (session) => {
        const seen = await this.#context.fallen.read(session);
        if (seen === undefined || this.#isGone(session, seen)) gone.add(session);
      }),
    );
    return gone;
  }

  async #claim({ shard, owner, epoch: former }: ShardRow): Promise<Tenure | undefined> {
    const { ledger, clock } = this.#context;
    const epoch = former + 1;
    const change = { query: shardQueries.change, params: [this.id, epoch, shard, owner, former] };
    const row = await untilAnswered(ledger, change, clock, this.#signal);
    // Only this session writes its name with this epoch: then an earlier copy was applied.
    const isMine = isApplied(row) || (row.owner === this.id && numberOf(row.epoch) === epoch);
    if (!isMine) return undefined;
    const tenure = { shard, epoch };
    this.#held.set(shard, tenure);
    if (owner !== '' && owner !== this.id) void this.#retireWhenUnnamed(owner);
    return tenure;
  }

  /** Only room is at stake: a failure leaves the slots where they are. */
  async #retireWhenUnnamed(fallen: string): Promise<void> {
    const { data, logger, fallen: sessions } = this.#context;
    try {
      if ((await readShards(data)).some(({ owner }) => owner === fallen)) return;
      const row = await sessions.read(fallen);
      if (row !== undefined) await retireJournal(this.#context, fallen, row.nextPos, this.#signal);
    } catch (error) {
      logger.warn(
        { err: error, session: fallen },
        'the journal of a fallen session could not be cleared; a little room is lost',
      );
    }
  }

  async #showLife(): Promise<void> {
    const { data, clock, logger, instanceId, sessionTimeoutMs } = this.#context;
    const everyMs = sessionTimeoutMs / 3;
    while (!this.#signal.aborted) {
      this.#committer.journal.beatUnlessBusy(everyMs / 2);
      if (!this.#leaving)
        void writeSessionHint(data, this.id, instanceId, hintTtlSeconds(sessionTimeoutMs)).catch((error) =>
          logger.debug({ err: error }, 'the hint of being alive could not be written'),
        );
      await clock.sleep(everyMs, this.#signal).catch(() => {});
    }
  }
}

/** Of the hint in `sessions`, in seconds; it is written three times per timeout. */
export const hintTtlSeconds = (sessionTimeoutMs: number): number =>
  Math.max(2, Math.ceil((2 * sessionTimeoutMs) / 1000));
