import type { CassandraEndpoint } from '../../src/infrastructure/cassandra/client.ts';

/** What the compared loop is told. `writes`: nothing; the service's own writes (journal and tables); one plain INSERT per message. */
export type ForwardOptions = {
  readonly url: string;
  readonly queues: readonly string[];
  readonly prefetch: number;
  readonly deliveryExchange: string;
  readonly bodyBytes: number;
} & (
  | { readonly writes: 'nothing' }
  | { readonly writes: 'all' | 'plain'; readonly cassandra: CassandraEndpoint }
  | { readonly writes: 'all'; readonly dataDir: string }
);
