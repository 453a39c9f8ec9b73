import cassandra from 'cassandra-driver';
import type { CassandraClient, Row } from './client.ts';
import { unavailable } from './failures.ts';
import { InFlightLimit } from './in-flight-limit.ts';

/** Above the driver's 2,048 per connection it fails requests instead of queueing them; far below, latency is what counts. */
const requestsInFlight = 512;

export type BoundStatement = { readonly query: string; readonly params: readonly unknown[] };

/** Plain reads and idempotent writes, bounded in flight. */
export class DataAccess {
  readonly #client: CassandraClient;
  readonly #limit = new InFlightLimit(requestsInFlight);

  constructor(client: CassandraClient) {
    this.#client = client;
  }

  /** Writes statements of one partition together. */
  write(statements: readonly BoundStatement[], done: (error: unknown) => void): void {
    this.#limit.enter(() => {
      const answered = (error?: unknown) => {
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
      throw unavailable('Cassandra did not answer a read', error);
    } finally {
      this.#limit.leave();
    }
  }

  async row(query: string, params: readonly unknown[]): Promise<Row | undefined> {
    return (await this.rows(query, params))[0];
  }

  #send(statements: readonly BoundStatement[]): Promise<unknown> {
    if (statements.length === 1) {
      const { query, params } = statements[0]!;
      return this.#client.execute(query, params as unknown[]);
    }
    return this.#client.batch(statements as { query: string; params: unknown[] }[], batchOptions);
  }
}

const batchOptions = { prepare: true, logged: false, isIdempotent: true };

/** A bigint cell as a number: positions and microseconds stay below 2^53. */
export const numberOf = (value: unknown): number =>
  value instanceof cassandra.types.Long ? value.toNumber() : (value as number);
