import { type ConnectionOptions, checkServerIdentity, type PeerCertificate } from 'node:tls';
import cassandra from 'cassandra-driver';
import { connectFailure } from './failures.ts';

export type CassandraEndpoint = {
  /** host or host:port */
  readonly contactPoints: readonly string[];
  readonly localDataCenter: string;
  readonly keyspace: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly tls?: CassandraTls | undefined;
};

/** PEM texts: who is trusted (else whom Node trusts), and who we are, where the nodes ask. */
export type CassandraTls = {
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  /** The name in every node's certificate; undefined: each has its own address in it. */
  readonly serverName?: string | undefined;
};

export type CassandraClient = cassandra.Client;
export type Row = cassandra.types.Row;

const { consistencies } = cassandra.types;
const { reconnection, retry } = cassandra.policies;

const baseOptions = ({ contactPoints, localDataCenter, username, password, tls }: CassandraEndpoint) => ({
  contactPoints: [...contactPoints],
  localDataCenter,
  ...(username !== undefined && { credentials: { username, password: password ?? '' } }),
  ...(tls && { sslOptions: sslOptions(tls) }),
  // The driver's own default waits up to ten minutes.
  policies: { reconnection: new reconnection.ExponentialReconnectionPolicy(200, 10_000, false) },
});

/** The driver connects to addresses, also where a contact point is a name, and its own default is to trust anybody. */
const sslOptions = ({ ca, cert, key, serverName }: CassandraTls): ConnectionOptions => ({
  rejectUnauthorized: true,
  ...(ca !== undefined && { ca }),
  ...(cert !== undefined && { cert }),
  ...(key !== undefined && { key }),
  ...(serverName !== undefined && {
    servername: serverName,
    checkServerIdentity: (_address: string, certificate: PeerCertificate) =>
      checkServerIdentity(serverName, certificate),
  }),
});

/** For projections and reads. `isIdempotent`: every write through it carries its own timestamp. */
export const connectData = (endpoint: CassandraEndpoint): Promise<CassandraClient> =>
  connect(endpoint, {
    ...baseOptions(endpoint),
    keyspace: endpoint.keyspace,
    queryOptions: { prepare: true, consistency: consistencies.localQuorum, isIdempotent: true },
    // Longer than the server's own timeouts (2 s to write, 5 s to read), so that the server's word is heard.
    socketOptions: { connectTimeout: 5_000, readTimeout: 7_000 },
  });

/** For conditional writes (LWT). The driver must never repeat one by itself: whether a repeat is right is for the journal to say. */
export const connectLedger = (endpoint: CassandraEndpoint): Promise<CassandraClient> => {
  const base = baseOptions(endpoint);
  return connect(endpoint, {
    ...base,
    keyspace: endpoint.keyspace,
    policies: { ...base.policies, retry: new retry.FallthroughRetryPolicy() },
    queryOptions: {
      prepare: true,
      consistency: consistencies.localQuorum,
      serialConsistency: consistencies.localSerial,
      isIdempotent: false,
    },
    // One statement in flight: a dead connection must not cost 64 timeouts before it is given up.
    socketOptions: { connectTimeout: 2_000, readTimeout: 2_000, defunctReadTimeoutThreshold: 2 },
  });
};

/** For schema changes; bound to no keyspace, since it may have to be created. */
export const connectSchema = (endpoint: CassandraEndpoint): Promise<CassandraClient> =>
  connect(endpoint, {
    ...baseOptions(endpoint),
    queryOptions: { consistency: consistencies.localQuorum, serialConsistency: consistencies.localSerial },
    socketOptions: { connectTimeout: 5_000, readTimeout: 30_000 },
  });

const connect = async (endpoint: CassandraEndpoint, options: cassandra.ClientOptions): Promise<CassandraClient> => {
  const client = new cassandra.Client(options);
  try {
    await client.connect();
    return client;
  } catch (error) {
    await client.shutdown().catch(() => {});
    throw connectFailure(error, endpoint.contactPoints);
  }
};
