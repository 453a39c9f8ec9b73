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
  if ([error, ...causesOf(error)].some((cause) => cause instanceof AuthenticationError)) {
    return 'Cassandra refused the credentials; check CASSANDRA_USERNAME and CASSANDRA_PASSWORD.';
  }
  const tls = tlsProblem([...causesOf(error), error].map((cause) => String((cause as { code?: unknown }).code ?? '')));
  if (tls !== undefined) return tls;
  const saying = (text: RegExp) => reasonsOf(error).find((reason) => text.test(reason));
  const dataCentre = saying(/localDataCenter was configured as/);
  if (dataCentre !== undefined) {
    return `Cassandra has no such data centre; set CASSANDRA_LOCAL_DATACENTER to one it has (${dataCentre}).`;
  }
  const keyspace = saying(/keyspace .*does not exist/i);
  if (keyspace !== undefined) {
    return `Cassandra has no such keyspace; set CASSANDRA_KEYSPACE, or let MIGRATE create it (${keyspace}).`;
  }
  return undefined;
};

const tlsProblem = (codes: readonly string[]): string | undefined => {
  const code = codes.find((one) => /CERT|TLS|SSL|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|EPROTO/.test(one));
  if (code === undefined) return undefined;
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return "Cassandra's certificate does not have the address of its node; set CASSANDRA_TLS_SERVER_NAME to the name that it has.";
  }
  if (/^ERR_SSL_.*(CERTIFICATE_REQUIRED|HANDSHAKE_FAILURE|UNKNOWN_CA|BAD_CERTIFICATE|ALERT_.*CERTIFICATE)/.test(code)) {
    return `Cassandra does not accept our client certificate, or misses one (${code}); set CASSANDRA_TLS_CERT_FILE and CASSANDRA_TLS_KEY_FILE to one of a CA that it trusts.`;
  }
  if (/WRONG_VERSION_NUMBER|EPROTO/.test(code)) {
    return `Cassandra does not speak TLS on that port (${code}); set CASSANDRA_TLS=false, or turn on client_encryption_options.`;
  }
  return `Cassandra's certificate is not trusted (${code}); set CASSANDRA_TLS_CA_FILE to the CA that has signed it.`;
};

/** The causes first: the driver's own summary of them has a stack in it, of which only the first line is for people. */
const reasonsOf = (error: unknown): readonly string[] =>
  [...causesOf(error), error].map((cause) => (cause instanceof Error ? cause.message : String(cause)).split('\n')[0]!);

/** What went wrong while connecting, in one sentence; its class says whether to try again. */
export const connectFailure = (error: unknown, contactPoints: readonly string[]): Error => {
  const setting = settingBehind(error);
  if (setting !== undefined) return new CassandraMisconfigured(setting, { cause: error });
  return unavailable(`Cassandra does not answer at ${contactPoints.join(', ')}`, error);
};

export const unavailable = (what: string, error: unknown): CassandraUnavailable => {
  return new CassandraUnavailable(`${what}: ${reasonsOf(error)[0]}`, { cause: error });
};
