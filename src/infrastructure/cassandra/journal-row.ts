import type { Clock, Logger } from '../../application/ports/system.ts';
import type { CassandraClient, Row } from './client.ts';
import { type Conditional, isApplied, untilAnswered } from './conditional.ts';
import { numberOf } from './data-access.ts';
import { journalQueries, slotOf } from './journal-statements.ts';

export type JournalRowOptions = {
  readonly session: string;
  readonly ledger: Pick<CassandraClient, 'execute'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessionTimeoutMs: number;
};

/** Why nothing more may be written. */
export type Loss = { readonly message: string; readonly cause?: unknown };

/** A session's journal as its only writer left it. The writer has one statement in flight at any time; it is sent again, unchanged,
 *  until it answers (ADR-002). Undefined means: applied, and the session is open. */
export class JournalRow {
  readonly #options: JournalRowOptions;
  readonly #signal: AbortSignal;
  #nextPos = 0;
  #beat = 0;

  constructor(options: JournalRowOptions, signal: AbortSignal) {
    this.#options = options;
    this.#signal = signal;
  }

  /** Where the next group goes. */
  get nextPos(): number {
    return this.#nextPos;
  }

  async append(payload: Buffer, donePos: number): Promise<Loss | undefined> {
    const pos = this.#nextPos;
    const params = [pos + 1, donePos, pos, payload, this.#options.session, slotOf(pos), pos];
    const statement = { query: journalQueries.append, params };
    const loss = await this.#settle('append', statement, (row) => numberOf(row.next_pos) === pos + 1);
    if (loss === undefined) this.#nextPos = pos + 1;
    return loss;
  }

  async beat(donePos: number): Promise<Loss | undefined> {
    const next = this.#beat + 1;
    const params = [next, donePos, this.#options.session, this.#beat, this.#nextPos];
    const statement = { query: journalQueries.beat, params };
    const loss = await this.#settle('beat', statement, (row) => numberOf(row.beat) === next);
    if (loss === undefined) this.#beat = next;
    return loss;
  }

  /** Rejects when that was not answered in time. */
  async fence(): Promise<void> {
    const params = [this.#options.session, this.#nextPos, this.#beat];
    await this.#untilAnswered({ query: journalQueries.fence, params });
  }

  /** Not applied is still ours when the row says what only we write: an earlier copy was applied. Ours and fenced: it happened, and
   *  the next owner announces it. */
  async #settle(what: string, statement: Conditional, isMine: (row: Row) => boolean): Promise<Loss | undefined> {
    const { logger, session, sessionTimeoutMs } = this.#options;
    let row: Row;
    try {
      row = await this.#untilAnswered(statement);
    } catch (cause) {
      return { message: `no ${what} was answered for ${sessionTimeoutMs} ms`, cause };
    }
    if (isApplied(row) || (row.state === 'open' && isMine(row))) return undefined;
    if (row.state === 'fenced') return { message: 'fenced by another one' };
    const message = 'the journal is not as its only writer left it';
    logger.error({ alarm: 'journal_diverged', session, what, row: { ...row } }, message);
    return { message };
  }

  #untilAnswered(statement: Conditional): Promise<Row> {
    const { ledger, clock, sessionTimeoutMs } = this.#options;
    return untilAnswered(ledger, statement, clock, this.#signal, sessionTimeoutMs);
  }
}
