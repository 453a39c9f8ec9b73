import type { Decision } from '../../application/decision.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import { noTelemetry, type Telemetry } from '../../application/ports/telemetry.ts';
import type { ShardNumber } from '../../domain/ids.ts';
import type { CassandraClient } from './client.ts';
import { isApplied, untilAnswered } from './conditional.ts';
import { type DataAccess, numberOf } from './data-access.ts';
import { decodeGroup } from './journal-payload.ts';
import { journalQueries, slotOf } from './journal-statements.ts';
import { removeSessionHint } from './session-tables.ts';

export type SessionRow = {
  readonly state: string;
  readonly nextPos: number;
  readonly donePos: number;
  readonly beat: number;
  readonly instance: string;
};

/** A journal is not what it must be: nobody can take over from its session until somebody has looked. */
export class ReplayBlocked extends Error {
  override readonly name = 'ReplayBlocked';
  readonly session: string;
  readonly pos: number | undefined;

  constructor(message: string, session: string, pos: number | undefined, options?: ErrorOptions) {
    super(message, options);
    this.session = session;
    this.pos = pos;
  }
}

const readable = (session: string, pos: number, payload: Buffer): Decision[] => {
  try {
    return decodeGroup(payload);
  } catch (error) {
    throw new ReplayBlocked(`session ${session}, group ${pos}: ${(error as Error).message}`, session, pos, {
      cause: error,
    });
  }
};

/** Undone decisions by shard, in the order in which they were decided, each once. */
type Undone = ReadonlyMap<ShardNumber, readonly Decision[]>;

const slotReadsAtOnce = 16;
/** Journals that are remembered: they are read once per process, while up to all shards of their session are taken. */
const remembered = 8;

/** Ends sessions of others for good and reads what they had decided (ADR-002). One per process. */
export class FallenSessions {
  readonly #ledger: CassandraClient;
  readonly #data: DataAccess;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #telemetry: Telemetry;
  readonly #fenced = new Map<string, Promise<Undone | 'alive'>>();

  constructor(
    ledger: CassandraClient,
    data: DataAccess,
    clock: Clock,
    logger: Logger,
    telemetry: Telemetry = noTelemetry,
  ) {
    this.#ledger = ledger;
    this.#data = data;
    this.#clock = clock;
    this.#logger = logger;
    this.#telemetry = telemetry;
  }

  async read(session: string): Promise<SessionRow | undefined> {
    const row = await this.#data.row(journalQueries.session, [session]);
    return (
      row && {
        state: row.state,
        nextPos: numberOf(row.next_pos),
        donePos: numberOf(row.done_pos),
        beat: numberOf(row.beat),
        instance: row.instance,
      }
    );
  }

  /** Fences `session` as it was `seen`; 'alive' when it has moved since. */
  async fence(session: string, seen: SessionRow, signal: AbortSignal): Promise<Undone | 'alive'> {
    let outcome = this.#fenced.get(session);
    if (outcome === undefined) {
      outcome = this.#fenceAndRead(session, seen, signal);
      this.#fenced.set(session, outcome);
      for (const oldest of this.#fenced.keys()) if (this.#fenced.size > remembered) this.#fenced.delete(oldest);
      const forget = () => this.#fenced.delete(session);
      outcome.then((result) => result === 'alive' && forget(), forget);
    }
    return outcome;
  }

  async #fenceAndRead(session: string, seen: SessionRow, signal: AbortSignal): Promise<Undone | 'alive'> {
    // Who cannot read a journal must not fence its session: so it is read before, too.
    await this.#groups(session, seen.donePos + 1, seen.nextPos, 'as far as there');
    const params = [session, seen.nextPos, seen.beat];
    const row = await untilAnswered(this.#ledger, { query: journalQueries.fence, params }, this.#clock, signal);
    // Only the word of a conditional statement counts, never a plain read that shows 'fenced'.
    if (!isApplied(row) && row.state === 'open') return 'alive';
    if (!isApplied(row) && row.state !== 'fenced')
      throw new ReplayBlocked(`session ${session} has no journal`, session, undefined);
    if (isApplied(row)) {
      this.#telemetry.add('fenced', 1);
      this.#logger.warn({ session, instance: seen.instance }, 'session fenced');
    }
    void removeSessionHint(this.#data, session).catch(() => {});
    const last = (await this.read(session))!;
    return inOrder(await this.#groups(session, last.donePos + 1, last.nextPos, 'all'));
  }

  /** Others may have finished with it meanwhile, and cleared it. */
  async #isFinished(session: string, pos: number): Promise<boolean> {
    return ((await this.read(session))?.donePos ?? -1) >= pos;
  }

  async #groups(session: string, from: number, to: number, which: 'all' | 'as far as there'): Promise<Decision[][]> {
    const groups: Decision[][] = [];
    for (let start = from; start < to; start += slotReadsAtOnce) {
      const positions = Array.from({ length: Math.min(slotReadsAtOnce, to - start) }, (_, index) => start + index);
      const rows = await Promise.all(
        positions.map((pos) => this.#data.row(journalQueries.slot, [session, slotOf(pos)])),
      );
      for (const [index, row] of rows.entries()) {
        const pos = positions[index]!;
        if (row !== undefined && (which === 'as far as there' || numberOf(row.pos) === pos)) {
          groups.push(readable(session, pos, row.payload));
        } else if (which === 'all' && !(await this.#isFinished(session, pos))) {
          throw new ReplayBlocked(`session ${session}: group ${pos} is missing from its journal`, session, pos);
        }
      }
    }
    return groups;
  }
}

/** By shard, sorted by (epoch, n), doubles dropped: a decision may have been carried into a later group. */
const inOrder = (groups: readonly Decision[][]): Undone => {
  const shards = new Map<ShardNumber, Decision[]>();
  for (const decision of groups.flat()) {
    const of = shards.get(decision.shard);
    if (of === undefined) shards.set(decision.shard, [decision]);
    else of.push(decision);
  }
  const isFirst = (decision: Decision, index: number, all: readonly Decision[]) =>
    index === 0 || decision.epoch !== all[index - 1]!.epoch || decision.n !== all[index - 1]!.n;
  for (const [shard, decisions] of shards) {
    shards.set(shard, decisions.sort((a, b) => a.epoch - b.epoch || a.n - b.n).filter(isFirst));
  }
  return shards;
};
