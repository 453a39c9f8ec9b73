import type { Environment } from './environment.schema.ts';
import type { FileContents, TlsFiles } from './read-files.ts';

/** What no variable shows by itself. `broken`: variables that have been complained of already. */
export const checkTogether = (
  environment: Environment,
  files: FileContents,
  broken: ReadonlySet<string>,
  problems: string[],
): void => {
  checkTokens(environment, files, broken, problems);
  checkCassandraUser(environment, files, broken, problems);
  checkTls('RABBITMQ', files.rabbitmqTls, problems);
  checkTls('CASSANDRA', files.cassandraTls, problems);
  if (hasTls(files.rabbitmqTls) && files.rabbitmqUrl && !files.rabbitmqUrl.startsWith('amqps:')) {
    problems.push(
      'RABBITMQ_URL must begin with amqps:// when there are RABBITMQ_TLS_… files, for example RABBITMQ_URL=amqps://messaging@rabbitmq:5671/vhost',
    );
  }
  if (environment.CASSANDRA_TLS === false && (hasTls(files.cassandraTls) || environment.CASSANDRA_TLS_SERVER_NAME)) {
    problems.push('CASSANDRA_TLS must not be false when other CASSANDRA_TLS_… are set, for example CASSANDRA_TLS=true');
  }
  if (environment.ALLOW_INSECURE !== true) checkPlaintext(environment, files, problems);
};

export const isCassandraTls = (environment: Environment, { cassandraTls }: FileContents): boolean =>
  environment.CASSANDRA_TLS ?? (hasTls(cassandraTls) || environment.CASSANDRA_TLS_SERVER_NAME !== undefined);

const hasTls = ({ ca, cert, key }: TlsFiles): boolean => [ca, cert, key].some((one) => one !== undefined);

const checkTokens = (
  { NODE_ENV, ALGORITHM, JWKS_URL }: Environment,
  { key }: FileContents,
  broken: ReadonlySet<string>,
  problems: string[],
): void => {
  const noKeys = key === undefined && JWKS_URL === undefined && !broken.has('JWKS_URL');
  if (NODE_ENV === 'production' && noKeys) {
    problems.push('KEY must be set in production (or KEY_FILE, or JWKS_URL), for example KEY_FILE=/run/secrets/key');
  }
  if (key !== undefined && JWKS_URL !== undefined) {
    problems.push(
      'KEY and JWKS_URL must not both be set: tokens are signed with a shared key or with a private one, for example only JWKS_URL=https://auth.example.org/jwks.json',
    );
  }
  if (ALGORITHM !== undefined && !broken.has('JWKS_URL') && ALGORITHM.startsWith('HS') !== (JWKS_URL === undefined)) {
    problems.push(
      JWKS_URL === undefined
        ? 'ALGORITHM must be HS256, HS384 or HS512 without JWKS_URL: the others need public keys, for example ALGORITHM=HS256'
        : 'ALGORITHM must not be one with a shared key when there is JWKS_URL, for example ALGORITHM=RS256',
    );
  }
};

const checkCassandraUser = (
  { CASSANDRA_USERNAME: user }: Environment,
  { cassandraPassword }: FileContents,
  broken: ReadonlySet<string>,
  problems: string[],
): void => {
  if (user === undefined && !broken.has('CASSANDRA_USERNAME') && cassandraPassword !== undefined) {
    problems.push('CASSANDRA_USERNAME must be set when there is a password, for example CASSANDRA_USERNAME=messaging');
  }
  if (user !== undefined && cassandraPassword === undefined) {
    problems.push(
      'CASSANDRA_PASSWORD must be set when there is a user name (or CASSANDRA_PASSWORD_FILE), for example CASSANDRA_PASSWORD_FILE=/run/secrets/cassandra-password',
    );
  }
};

const checkTls = (server: 'RABBITMQ' | 'CASSANDRA', { cert, key }: TlsFiles, problems: string[]): void => {
  if ((cert === undefined) === (key === undefined)) return;
  const missing = `${server}_TLS_${cert === undefined ? 'CERT' : 'KEY'}_FILE`;
  problems.push(
    `${missing} must be set: a client certificate and its key go together, for example ${missing}=/run/secrets/client.pem`,
  );
};

/** Whoever stands between the machines would read every message and every password. */
const checkPlaintext = (environment: Environment, files: FileContents, problems: string[]): void => {
  const remedy = 'ALLOW_INSECURE=true allows it where the network itself is trusted';
  const plain = (url: string | undefined, protocol: string): boolean =>
    url !== undefined && URL.parse(url)?.protocol === protocol && !isLoopback(new URL(url).hostname);
  if (plain(files.rabbitmqUrl, 'amqp:')) {
    problems.push(
      `RABBITMQ_URL must begin with amqps://, since its host is another machine, for example RABBITMQ_URL=amqps://messaging@rabbitmq:5671/vhost; ${remedy}`,
    );
  }
  const remote = environment.CASSANDRA_CONTACT_POINTS?.some((point) => !isLoopback(point.replace(/:\d+$/, '')));
  if (remote && !isCassandraTls(environment, files)) {
    problems.push(
      `CASSANDRA_TLS must be on, since a contact point is another machine, for example CASSANDRA_TLS=true with CASSANDRA_TLS_CA_FILE=/run/secrets/ca.pem; ${remedy}`,
    );
  }
  for (const name of ['JWKS_URL', 'AUTH_BACKEND_BASE_URL'] as const) {
    if (!plain(environment[name], 'http:')) continue;
    problems.push(
      `${name} must begin with https://, since its host is another machine, for example ${name}=https://auth.example.org; ${remedy}`,
    );
  }
};

const isLoopback = (host: string): boolean =>
  /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?|\[?0:0:0:0:0:0:0:1\]?)$/i.test(host);
