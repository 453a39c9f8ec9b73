import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type Environment, environmentSchema } from './environment.schema.ts';

type Variables = Readonly<Record<string, string | undefined>>;

/** Reads the environment and the files it names. No variable set = everything embedded. Throws ConfigError with all
 *  problems at once. */
export const loadConfig = (variables: Variables): Config => {
  const problems: string[] = [];
  const parsed = environmentSchema.safeParse(withoutBlanks(variables));
  const broken = new Set<string>();
  for (const issue of parsed.error?.issues ?? []) {
    const name = String(issue.path[0]);
    broken.add(name);
    const example = issue.code === 'custom' ? issue.params?.example : undefined;
    problems.push(`${name} ${issue.message}, for example ${name}=${example}`);
  }
  // The checks across variables look at those that are well formed, so that one start shows everything.
  const environment = parsed.data ?? wellFormed(variables, broken);
  const secrets = readSecrets(environment, problems);
  checkTogether(environment, secrets, broken, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return configOf(environment, secrets);
};

const withoutBlanks = (variables: Variables): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      value === undefined || value.trim() === '' ? [] : [[name, value.trim()]],
    ),
  );

const wellFormed = (variables: Variables, broken: ReadonlySet<string>): Environment =>
  environmentSchema.parse(
    Object.fromEntries(Object.entries(withoutBlanks(variables)).filter(([name]) => !broken.has(name))),
  );

type Secrets = { readonly key: string | undefined; readonly cassandraPassword: string | undefined };

const readSecrets = (environment: Environment, problems: string[]): Secrets => {
  const secret = (name: 'KEY' | 'CASSANDRA_PASSWORD'): string | undefined => {
    const fileName = `${name}_FILE` as const;
    const path = environment[fileName];
    if (path === undefined) return environment[name];
    if (environment[name] !== undefined) {
      problems.push(
        `${name} and ${fileName} must not both be set, for example only ${fileName}=/run/secrets/${name.toLowerCase()}`,
      );
      return environment[name];
    }
    try {
      const content = readFileSync(path, 'utf8').trim();
      if (content !== '') return content;
      problems.push(`${fileName} must name a file with the secret in it; the file is empty`);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      problems.push(
        `${fileName} must name a readable file (${code}), for example ${fileName}=/run/secrets/${name.toLowerCase()}`,
      );
    }
    // Something was meant: no second complaint that nothing is set.
    return '';
  };
  return { key: secret('KEY'), cassandraPassword: secret('CASSANDRA_PASSWORD') };
};

const checkTogether = (
  environment: Environment,
  { key, cassandraPassword }: Secrets,
  broken: ReadonlySet<string>,
  problems: string[],
): void => {
  if (environment.NODE_ENV === 'production' && key === undefined) {
    problems.push('KEY must be set in production (or KEY_FILE), for example KEY_FILE=/run/secrets/key');
  }
  const userMissing = environment.CASSANDRA_USERNAME === undefined && !broken.has('CASSANDRA_USERNAME');
  if (userMissing && cassandraPassword !== undefined) {
    problems.push('CASSANDRA_USERNAME must be set when there is a password, for example CASSANDRA_USERNAME=messaging');
  }
  if (environment.CASSANDRA_USERNAME !== undefined && cassandraPassword === undefined) {
    problems.push(
      'CASSANDRA_PASSWORD must be set when there is a user name (or CASSANDRA_PASSWORD_FILE), for example CASSANDRA_PASSWORD_FILE=/run/secrets/cassandra-password',
    );
  }
};

const configOf = (environment: Environment, { key, cassandraPassword }: Secrets): Config => {
  const production = environment.NODE_ENV === 'production';
  const port = environment.HTTP_PORT ?? 8002;
  const username = environment.CASSANDRA_USERNAME;
  return {
    production,
    instanceId: environment.INSTANCE_ID ?? `${hostname()}:${port}`,
    logLevel: environment.LOG_LEVEL ?? 'info',
    http: { host: environment.HTTP_HOST ?? '127.0.0.1', port, corsOrigins: environment.CORS_ORIGINS ?? [] },
    metricsPort: environment.METRICS_PORT ?? 9464,
    auth: { key, algorithm: environment.ALGORITHM ?? 'HS256' },
    authBackendUrl: environment.AUTH_BACKEND_BASE_URL,
    rates: { perUser: environment.RATE_PER_USER, perChat: environment.RATE_PER_CHAT },
    rabbitmq: environment.RABBITMQ_URL === undefined ? undefined : { url: environment.RABBITMQ_URL },
    database: {
      exchange: environment.DATABASE_EXCHANGE_NAME ?? 'database',
      queue: environment.DATABASE_QUEUE_NAME ?? 'database.primary',
    },
    delivery: {
      exchange: environment.DELIVERY_EXCHANGE_NAME ?? 'delivery',
      exchangeType: environment.DELIVERY_EXCHANGE_TYPE ?? 'direct',
      routingKey: environment.DELIVERY_ROUTING_KEY ?? '',
    },
    cassandra:
      environment.CASSANDRA_CONTACT_POINTS === undefined
        ? undefined
        : {
            contactPoints: environment.CASSANDRA_CONTACT_POINTS,
            localDataCenter: environment.CASSANDRA_LOCAL_DATACENTER ?? 'datacenter1',
            keyspace: environment.CASSANDRA_KEYSPACE ?? 'chat_messaging',
            replicationFactor: environment.CASSANDRA_REPLICATION_FACTOR ?? 1,
            credentials:
              username === undefined || cassandraPassword === undefined
                ? undefined
                : { username, password: cassandraPassword },
          },
    shards: environment.SHARDS,
    prefetch: environment.PREFETCH ?? 256,
    sessionTimeoutMs: environment.SESSION_TIMEOUT_MS ?? 6000,
    dataDir: environment.DATA_DIR ?? './data',
    policyDir: environment.POLICY_DIR ?? './policies',
    policyShadowDir: environment.POLICY_SHADOW_DIR,
    migrate: environment.MIGRATE ?? !production,
  };
};
