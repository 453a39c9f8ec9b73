import cassandra from 'cassandra-driver';
import { noTelemetry, type Telemetry } from '../../application/ports/telemetry.ts';
import type { CassandraClient, Row } from './client.ts';
import { unavailable } from './failures.ts';
import { InFlightLimit } from './in-flight-limit.ts';

/** Above the driver's 2,048 per connection it fails requests instead of queueing them; far below, latency is what counts. */
const requestsInFlight = 512;

export type BoundStatement = { readonly query: string; readonly params: readonly unknown[] };

/** Plain reads and idempotent writes, bounded in flight. */
export class DataAccess {
  readonly #client: CassandraClient;
  readonly #telemetry: Telemetry;
  readonly #limit = new InFlightLimit(requestsInFlight);

  constructor(client: CassandraClient, telemetry: Telemetry = noTelemetry) {
    this.#client = client;
    this.#telemetry = telemetry;
  }

  /** Writes statements of one partition together. */
  write(statements: readonly BoundStatement[], done: (error: unknown) => void): void {
    this.#limit.enter(() => {
      const beganMs = performance.now();
      const answered = (error?: unknown) => {
        this.#report(statements.length === 1 ? write : batch, beganMs, error);
        this.#limit.leave();
        done(error);
      };
      this.#send(statements).then(() => answered(), answered);
    });
  }

  /** One write, answered. Rejects with CassandraUnavailable. */
  put(statement: BoundStatement): Promise<void> {
    return new Promise((resolve, reject) => {
      this.write([statement], (error) =>
        error === undefined ? resolve() : reject(unavailable('Cassandra did not answer a write', error)),
      );
    });
  }

  async rows(query: string, params: readonly unknown[]): Promise<readonly Row[]> {
    await new Promise<void>((resolve) => this.#limit.enter(resolve));
    const beganMs = performance.now();
    let failure: unknown;
    try {
      const rows: Row[] = [];
      let pageState: string | undefined;
      do {
        const page = await this.#client.execute(
          query,
          [...params],
          pageState === undefined ? undefined : { pageState },
        );
        rows.push(...page.rows);
        pageState = page.pageState ?? undefined;
      } while (pageState !== undefined);
      return rows;
    } catch (error) {
      failure = error;
      throw unavailable('Cassandra did not answer a read', error);
    } finally {
      this.#report(read, beganMs, failure);
      this.#limit.leave();
    }
  }

  async row(query: string, params: readonly unknown[]): Promise<Row | undefined> {
    return (await this.rows(query, params))[0];
  }

  #report(labels: OperationLabels, beganMs: number, error: unknown): void {
    this.#telemetry.record(
      'storeDuration',
      (performance.now() - beganMs) / 1000,
      error === undefined ? labels : { ...labels, 'error.type': error instanceof Error ? error.name : 'unknown' },
    );
  }

  #send(statements: readonly BoundStatement[]): Promise<unknown> {
    if (statements.length === 1) {
      const { query, params } = statements[0]!;
      return this.#client.execute(query, params as unknown[]);
    }
    return this.#client.batch(statements as { query: string; params: unknown[] }[], batchOptions);
  }
}

type OperationLabels = { readonly 'db.system.name': string; readonly 'db.operation.name': string };
const operation = (name: string): OperationLabels => ({ 'db.system.name': 'cassandra', 'db.operation.name': name });
const read = operation('read');
const write = operation('write');
const batch = operation('batch');

const batchOptions = { prepare: true, logged: false, isIdempotent: true };

/** A bigint cell as a number: positions and microseconds stay below 2^53. */
export const numberOf = (value: unknown): number =>
  value instanceof cassandra.types.Long ? value.toNumber() : (value as number);
