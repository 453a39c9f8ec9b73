import cassandra from 'cassandra-driver';

/** The store cannot be reached or did not answer in time; the same may succeed later. */
export class CassandraUnavailable extends Error {
  override readonly name = 'CassandraUnavailable';
  readonly transient = true;
}

/** Cassandra answered, and something about the settings is wrong: repeating does not help. */
export class CassandraMisconfigured extends Error {
  override readonly name = 'CassandraMisconfigured';
  readonly transient = false;
}

const { AuthenticationError, NoHostAvailableError } = cassandra.errors;

const causesOf = (error: unknown): readonly Error[] =>
  error instanceof NoHostAvailableError ? Object.values<Error>(error.innerErrors ?? {}) : [];

const settingBehind = (error: unknown): string | undefined => {
  const message = error instanceof Error ? error.message : String(error);
  if ([error, ...causesOf(error)].some((cause) => cause instanceof AuthenticationError)) {
    return 'Cassandra refused the credentials; check CASSANDRA_USERNAME and CASSANDRA_PASSWORD.';
  }
  if (message.includes('localDataCenter was configured as')) {
    return `Cassandra has no such data centre; set CASSANDRA_LOCAL_DATACENTER to one it has (${message}).`;
  }
  if (/keyspace .*does not exist/i.test(message)) {
    return `Cassandra has no such keyspace; set CASSANDRA_KEYSPACE, or let MIGRATE create it (${message}).`;
  }
  return undefined;
};

/** What went wrong while connecting, in one sentence; its class says whether to try again. */
export const connectFailure = (error: unknown, contactPoints: readonly string[]): Error => {
  const setting = settingBehind(error);
  if (setting !== undefined) return new CassandraMisconfigured(setting, { cause: error });
  return unavailable(`Cassandra does not answer at ${contactPoints.join(', ')}`, error);
};

export const unavailable = (what: string, error: unknown): CassandraUnavailable => {
  const detail = causesOf(error)[0]?.message ?? (error instanceof Error ? error.message : String(error));
  return new CassandraUnavailable(`${what}: ${detail}`, { cause: error });
};
