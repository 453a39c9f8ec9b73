import type { Decision } from '../../application/decision.ts';
import { SessionLost } from '../../application/ports/chat-store.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import type { Telemetry } from '../../application/ports/telemetry.ts';
import type { CassandraClient } from './client.ts';
import type { DataAccess } from './data-access.ts';
import { Journal } from './journal.ts';
import { journalJson } from './journal-payload.ts';
import { PendingCommit } from './pending-commit.ts';
import { projectionOf, surelyProjects } from './projection.ts';
import { Projector } from './projector.ts';

export type CommitterOptions = {
  readonly session: string;
  readonly ledger: Pick<CassandraClient, 'execute'>;
  readonly data: Pick<DataAccess, 'write'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessionTimeoutMs: number;
  readonly telemetry: Telemetry;
};

/** The way of a session's decisions: journal first, then the tables. */
export class Committer {
  readonly journal: Journal;
  readonly #projector: Projector;
  readonly #unfinished = new Set<PendingCommit>();
  readonly #onDone = (commit: PendingCommit) => this.#unfinished.delete(commit);
  readonly lost: Promise<Error>;
  readonly #reportLoss: (reason: Error) => void;
  #closed: SessionLost | undefined;

  constructor({ data, ...options }: CommitterOptions) {
    const { promise, resolve } = Promise.withResolvers<Error>();
    this.lost = promise;
    this.#reportLoss = resolve;
    this.journal = new Journal({
      ...options,
      onJournaled: (journaled) =>
        this.#projector.project(
          journaled.map(({ decision, projection = projectionOf(decision), commit }) => ({
            decision,
            projection,
            commit,
          })),
        ),
      onLost: (reason) => {
        this.#close(reason);
        resolve(reason);
      },
    });
    this.#projector = new Projector(data, options, this.journal.signal);
  }

  commit(decisions: readonly Decision[]): Promise<void> {
    // All of what may fail comes first: a decision that cannot be projected must never be journaled.
    const jsons = decisions.map(journalJson);
    const projections = decisions.map((decision) => (surelyProjects(decision) ? undefined : projectionOf(decision)));
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (decisions.length === 0) return Promise.resolve();
    const commit = this.#track(decisions.length);
    this.journal.add(
      decisions.map((decision, i) => ({ decision, json: jsons[i]!, projection: projections[i], commit })),
    );
    return commit.promise;
  }

  /** Writes another session's journaled decisions once more: same content, same timestamps. */
  replay(decisions: readonly Decision[]): Promise<void> {
    if (this.#closed !== undefined) return Promise.reject(this.#closed);
    if (decisions.length === 0) return Promise.resolve();
    const commit = this.#track(decisions.length);
    this.#projector.project(decisions.map((decision) => ({ decision, projection: projectionOf(decision), commit })));
    return commit.promise;
  }

  /** With something undone this is a loss, and is reported as one: somebody has to take the shards over. */
  async end(): Promise<void> {
    if (this.#closed !== undefined) return;
    const undone = this.journal.hasUndone;
    const reason = new SessionLost('the session has ended');
    this.#close(reason);
    await this.journal.end(undone);
    this.#reportLoss(reason);
  }

  #track(decisions: number): PendingCommit {
    const commit = new PendingCommit(decisions, this.#onDone);
    this.#unfinished.add(commit);
    return commit;
  }

  #close(reason: SessionLost): void {
    this.#closed ??= reason;
    for (const commit of this.#unfinished) commit.reject(reason);
    this.#unfinished.clear();
  }
}
