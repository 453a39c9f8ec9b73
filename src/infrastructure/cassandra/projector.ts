import type { Clock, Logger } from '../../application/ports/system.ts';
import type { Telemetry } from '../../application/ports/telemetry.ts';
import type { ChatId } from '../../domain/ids.ts';
import { backoffMs } from './backoff.ts';
import type { BoundStatement, DataAccess } from './data-access.ts';
import type { PendingDecision } from './pending-commit.ts';
import type { Projection } from './projection.ts';
import { type ProjectionStatement, projectionQueries } from './projection-queries.ts';

type Projected = Pick<PendingDecision, 'decision' | 'commit'> & { readonly projection: Projection };

/** Decisions of one chat that are written together. */
const maxTogether = 128;
/** Statements of one batch: a roster of 10,000 comes in pieces. Rows of messages do not, or readers could see a head whose messages are
 *  not there yet. */
const maxBatch = 250;
const comesWhole = (partition: string) => partition.startsWith('m ');

/** Writes journaled decisions to the tables, again and again until each statement is acknowledged. One chat after the other's
 *  acknowledgement, so that readers never see a later decision of a chat without the earlier ones; chats side by side. */
export class Projector {
  readonly #data: Pick<DataAccess, 'write'>;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #telemetry: Telemetry;
  readonly #signal: AbortSignal;
  /** Chats that are being written, and what waits for that. */
  readonly #lanes = new Map<ChatId, Projected[]>();

  constructor(
    data: Pick<DataAccess, 'write'>,
    { clock, logger, telemetry }: { clock: Clock; logger: Logger; telemetry: Telemetry },
    signal: AbortSignal,
  ) {
    this.#data = data;
    this.#clock = clock;
    this.#logger = logger;
    this.#telemetry = telemetry;
    this.#signal = signal;
  }

  /** In the order in which they were journaled. */
  project(decisions: readonly Projected[]): void {
    const started: ChatId[] = [];
    for (const pending of decisions) {
      if (pending.projection.content.length === 0) {
        pending.commit.decisionDone();
        continue;
      }
      const { chatId } = pending.decision;
      const waiting = this.#lanes.get(chatId);
      if (waiting === undefined) {
        this.#lanes.set(chatId, [pending]);
        started.push(chatId);
      } else {
        waiting.push(pending);
      }
    }
    for (const chatId of started) this.#writeNext(chatId);
  }

  #writeNext(chatId: ChatId): void {
    const waiting = this.#lanes.get(chatId)!;
    if (waiting.length === 0 || this.#signal.aborted) {
      this.#lanes.delete(chatId);
      return;
    }
    const together = waiting.splice(0, maxTogether);
    const finish = () => {
      for (const { commit } of together) commit.decisionDone();
      this.#writeNext(chatId);
    };
    this.#writeAll(
      together.length === 1 ? together[0]!.projection.content : together.flatMap((p) => p.projection.content),
      () => {
        const index = together.flatMap((pending) => pending.projection.index);
        if (index.length === 0) finish();
        else this.#writeAll(index, finish);
      },
    );
  }

  #writeAll(statements: readonly ProjectionStatement[], done: () => void): void {
    const batches = batchesOf(statements);
    let remaining = batches.length;
    const oneDone = () => {
      if (--remaining === 0) done();
    };
    for (const batch of batches) this.#write(batch, 0, oneDone);
  }

  #write(batch: readonly BoundStatement[], attempt: number, done: () => void): void {
    this.#data.write(batch, (error) => {
      if (error === undefined) return done();
      this.#telemetry.add('projectionRetries', 1);
      if (attempt % 10 === 0) this.#logger.warn({ err: error, attempt }, 'a projection failed; trying again');
      this.#clock.sleep(backoffMs(attempt), this.#signal).then(
        () => this.#write(batch, attempt + 1, done),
        () => {},
      );
    });
  }
}

/** By partition, in order; a batch over several partitions would be neither atomic nor cheap. */
export const batchesOf = (statements: readonly ProjectionStatement[]): BoundStatement[][] => {
  if (statements.length === 1) return [[bound(statements[0]!)]];
  const batches: BoundStatement[][] = [];
  const open = new Map<string, BoundStatement[]>();
  for (const statement of statements) {
    let batch = open.get(statement.partition);
    if (batch === undefined || (batch.length >= maxBatch && !comesWhole(statement.partition))) {
      batch = [];
      batches.push(batch);
      open.set(statement.partition, batch);
    }
    batch.push(bound(statement));
  }
  return batches;
};

const bound = ({ query, params }: ProjectionStatement): BoundStatement => ({ query: projectionQueries[query], params });
