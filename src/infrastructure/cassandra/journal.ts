import type { Decision } from '../../application/decision.ts';
import { SessionLost } from '../../application/ports/chat-store.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import type { ShardNumber } from '../../domain/ids.ts';
import type { CassandraClient, Row } from './client.ts';
import { type Conditional, isApplied, untilAnswered } from './conditional.ts';
import { numberOf } from './data-access.ts';
import { GroupQueue } from './group-queue.ts';
import { encodeGroup } from './journal-payload.ts';
import { journalQueries, slotOf } from './journal-statements.ts';
import type { PendingDecision } from './pending-commit.ts';
import { UndoneDecisions } from './undone.ts';

export type JournalOptions = {
  readonly session: string;
  readonly ledger: Pick<CassandraClient, 'execute'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessionTimeoutMs: number;
  readonly onJournaled: (decisions: readonly PendingDecision[]) => void;
  readonly onLost: (reason: SessionLost) => void;
};

type Waiter = { readonly resolve: () => void; readonly reject: (reason: Error) => void };

/** The one writer of a session's journal (ADR-002). One statement is in flight at any time, an append or a beat, and is sent again
 *  unchanged until it answers; an append takes everything that was decided meanwhile. */
export class Journal {
  readonly #options: JournalOptions;
  readonly #undone = new UndoneDecisions();
  readonly #abort = new AbortController();
  readonly #waiting = new GroupQueue();
  #confirming: Waiter[] = [];
  #working: Promise<void> | undefined;
  #scheduled = false;
  #beatDue = false;
  #nextPos = 0;
  #beat = 0;
  #answered = 0;
  #lastSentMs: number;
  #ended: SessionLost | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#lastSentMs = options.clock.monotonicMs();
  }

  /** Aborted with SessionLost when nothing more may be written. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }
  /** How many appends and beats were answered: proof that the store answers this process. */
  get answered(): number {
    return this.#answered;
  }
  /** Where the next group goes. */
  get nextPos(): number {
    return this.#nextPos;
  }
  get hasUndone(): boolean {
    return !this.#undone.isEmpty;
  }
  hasUndoneOf(shard: ShardNumber, epoch: number): boolean {
    return this.#undone.has(shard, epoch);
  }

  add(decisions: readonly PendingDecision[]): void {
    for (const pending of decisions) {
      this.#undone.add(pending.decision);
      this.#waiting.push(pending);
    }
    this.#schedule();
  }

  announced(decisions: readonly Decision[]): void {
    this.#undone.announced(decisions);
    if (!this.#waiting.isEmpty) this.#schedule();
  }

  /** Resolves once a statement that was first sent after this call has found the session open. */
  confirm(): Promise<void> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#confirming.push({ resolve, reject });
      this.#schedule();
    });
  }

  /** Shows life unless something was sent within `intervalMs`. */
  beatUnlessBusy(intervalMs: number): void {
    if (this.#options.clock.monotonicMs() - this.#lastSentMs < intervalMs) return;
    this.#beatDue = true;
    this.#schedule();
  }

  /** Ends the session in the store as well, so that nobody has to wait for its silence: the last done_pos, then the fence.
   *  With something undone it counts as lost. */
  async end(asLoss = false): Promise<void> {
    if (this.#ended !== undefined) return;
    const reason = new SessionLost(`session ${this.#options.session} has ended`);
    for (const { reject } of this.#confirming.splice(0)) reject(reason);
    this.#waiting.clear();
    while (this.#working !== undefined) await this.#working;
    if (this.#ended !== undefined) return;
    this.#working = this.#sendBeat();
    await this.#working;
    if (this.#ended !== undefined) return;
    const { session, ledger, clock, sessionTimeoutMs, logger } = this.#options;
    const fence = { query: journalQueries.fence, params: [session, this.#nextPos, this.#beat] };
    await untilAnswered(ledger, fence, clock, this.#abort.signal, sessionTimeoutMs).catch((error) =>
      logger.warn(
        { err: error, session },
        'the ended session could not be closed in the store; others wait for its silence',
      ),
    );
    if (asLoss) this.lose('ended with something undone');
    else this.stop(reason);
  }

  lose(message: string, cause?: unknown): void {
    if (this.#ended !== undefined) return;
    const reason = new SessionLost(`session ${this.#options.session}: ${message}`, { cause });
    this.stop(reason);
    this.#options.onLost(reason);
  }

  stop(reason: SessionLost): void {
    if (this.#ended !== undefined) return;
    this.#ended = reason;
    this.#waiting.clear();
    this.#abort.abort(reason);
    for (const { reject } of this.#confirming.splice(0)) reject(reason);
  }

  /** At the end of this pass of the event loop, so that what is decided in one pass travels together. */
  #schedule(): void {
    if (this.#scheduled || this.#working !== undefined || this.#ended !== undefined) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#working ??= this.#work()
        .catch((error) => this.lose('the journal could not be written', error))
        .finally(() => {
          this.#working = undefined;
          // What came in since the last look found it at work, and woke nobody.
          if (this.#next !== undefined) this.#schedule();
        });
    });
  }

  get #next(): 'append' | 'beat' | undefined {
    if (!this.#waiting.isEmpty && this.#undone.hasRoom) return 'append';
    return this.#confirming.length > 0 || this.#beatDue ? 'beat' : undefined;
  }

  async #work(): Promise<void> {
    while (this.#ended === undefined) {
      const next = this.#next;
      if (next === undefined) return;
      await (next === 'append' ? this.#append() : this.#sendBeat());
    }
  }

  async #append(): Promise<void> {
    const { session, onJournaled } = this.#options;
    const group = this.#waiting.takeGroup();
    const decisions = group.map(({ decision }) => decision);
    const payload = encodeGroup(group.map(({ text }) => text));
    const pos = this.#nextPos;
    const params = [pos + 1, this.#undone.donePos, pos, payload, session, slotOf(pos), pos];
    // Counted as open from here: while its outcome is unknown the slot is not to be used again.
    this.#undone.journaled(pos, payload.byteLength, decisions);
    const open = await this.#settle(
      'append',
      { query: journalQueries.append, params },
      (row) => numberOf(row.next_pos) === pos + 1,
    );
    if (!open) return;
    this.#nextPos = pos + 1;
    onJournaled(group);
  }

  async #sendBeat(): Promise<void> {
    const params = [this.#beat + 1, this.#undone.donePos, this.#options.session, this.#beat, this.#nextPos];
    const next = this.#beat + 1;
    const open = await this.#settle(
      'beat',
      { query: journalQueries.beat, params },
      (row) => numberOf(row.beat) === next,
    );
    if (open) this.#beat = next;
  }

  /** True when the statement was applied and the session is open; else the session is lost. Not applied is still ours when the row says
   *  what only we write: an earlier copy was applied. Ours and fenced: it happened, and the next owner announces it. */
  async #settle(what: string, statement: Conditional, isMine: (row: Row) => boolean): Promise<boolean> {
    const { ledger, clock, logger, session, sessionTimeoutMs } = this.#options;
    const confirmed = this.#confirming;
    this.#confirming = [];
    this.#beatDue = false;
    this.#lastSentMs = clock.monotonicMs();
    try {
      const row = await untilAnswered(ledger, statement, clock, this.#abort.signal, sessionTimeoutMs);
      if (this.#ended !== undefined) throw this.#ended;
      this.#answered++;
      if (isApplied(row) || (row.state === 'open' && isMine(row))) {
        for (const { resolve } of confirmed) resolve();
        return true;
      }
      if (row.state === 'fenced') {
        this.lose('fenced by another one');
      } else {
        logger.error(
          { alarm: 'journal_diverged', session, what, row: { ...row } },
          'the journal is not as its only writer left it',
        );
        this.lose('the journal is not as its only writer left it');
      }
    } catch (error) {
      this.lose(`no ${what} was answered for ${sessionTimeoutMs} ms`, error);
    }
    for (const { reject } of confirmed) reject(this.#ended!);
    return false;
  }
}
