import type { Decision } from '../../application/decision.ts';
import { SessionLost } from '../../application/ports/chat-store.ts';
import type { Telemetry } from '../../application/ports/telemetry.ts';
import type { ShardNumber } from '../../domain/ids.ts';
import { GroupQueue } from './group-queue.ts';
import { encodeGroup, journalJson } from './journal-payload.ts';
import { JournalRow, type JournalRowOptions, type Loss } from './journal-row.ts';
import type { PendingDecision } from './pending-commit.ts';
import { UndoneDecisions } from './undone.ts';

export type JournalOptions = JournalRowOptions & {
  readonly telemetry: Telemetry;
  readonly onJournaled: (decisions: readonly PendingDecision[]) => void;
  readonly onLost: (reason: SessionLost) => void;
};

const noBytes = Buffer.alloc(0);

type Waiter = { readonly resolve: () => void; readonly reject: (reason: Error) => void };

/** The one writer of a session's journal (ADR-002). One statement is in flight at any time, an append or a beat; an append takes
 *  everything that was decided meanwhile, and carries what stands in the way of done_pos. */
export class Journal {
  readonly #options: JournalOptions;
  readonly #row: JournalRow;
  readonly #undone = new UndoneDecisions();
  readonly #abort = new AbortController();
  readonly #waiting = new GroupQueue<PendingDecision>();
  #confirming: Waiter[] = [];
  #working: Promise<void> | undefined;
  #scheduled = false;
  #beatDue = false;
  #answered = 0;
  #lastSentMs: number;
  #ended: SessionLost | undefined;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#row = new JournalRow(options, this.#abort.signal);
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
    return this.#row.nextPos;
  }
  get hasUndone(): boolean {
    return !this.#undone.isEmpty;
  }
  get openGroups(): number {
    return this.#undone.openGroups;
  }
  hasUndoneOf(shard: ShardNumber, epoch: number): boolean {
    return this.#undone.has(shard, epoch);
  }

  add(decisions: readonly PendingDecision[]): void {
    for (const pending of decisions) {
      this.#undone.add(pending);
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
    await this.#row
      .fence()
      .catch((error) =>
        this.#options.logger.warn(
          { err: error, session: this.#options.session },
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
    if (!this.#waiting.isEmpty && (this.#undone.hasRoom || this.#undone.toCarry().size.decisions > 0)) return 'append';
    return this.#confirming.length > 0 || this.#beatDue ? 'beat' : undefined;
  }

  async #work(): Promise<void> {
    while (this.#ended === undefined) {
      const next = this.#next;
      if (next === undefined) return;
      await (next === 'append' ? this.#append() : this.#sendBeat());
    }
  }

  /** What is carried is not for `onJournaled`: its first copy is on its way. */
  async #append(): Promise<void> {
    const undone = this.#undone;
    const carried = undone.toCarry();
    const group = undone.hasRoom ? this.#waiting.takeGroup(carried.size) : [];
    const payload = encodeGroup([...carried.decisions.map(journalJson), ...group.map(({ json }) => json)]);
    for (const pending of group) pending.json = noBytes;
    const { donePos } = undone;
    undone.opened(this.nextPos, payload.byteLength, [...carried.decisions, ...group.map(({ decision }) => decision)]);
    const { clock, telemetry } = this.#options;
    const beganMs = clock.monotonicMs();
    if (!(await this.#settled(this.#row.append(payload, donePos)))) return;
    telemetry.record('journalDuration', (clock.monotonicMs() - beganMs) / 1000);
    telemetry.record('journalDecisions', carried.decisions.length + group.length);
    telemetry.record('journalBytes', payload.byteLength);
    if (carried.decisions.length > 0) telemetry.add('journalCarried', carried.decisions.length);
    undone.applied();
    this.#options.onJournaled(group);
  }

  async #sendBeat(): Promise<void> {
    await this.#settled(this.#row.beat(this.#undone.donePos));
  }

  /** True when the statement was applied and the session is open; else the session is lost. */
  async #settled(sent: Promise<Loss | undefined>): Promise<boolean> {
    const confirmed = this.#confirming;
    this.#confirming = [];
    this.#beatDue = false;
    this.#lastSentMs = this.#options.clock.monotonicMs();
    const loss = await sent;
    if (this.#ended === undefined && loss === undefined) {
      this.#answered++;
      for (const { resolve } of confirmed) resolve();
      return true;
    }
    if (loss !== undefined) this.lose(loss.message, loss.cause);
    for (const { reject } of confirmed) reject(this.#ended!);
    return false;
  }
}
