import { hostname } from 'node:os';
import { checkTogether, isCassandraTls } from './check-together.ts';
import type { Config } from './config.ts';
import { ConfigError } from './config-error.ts';
import { type Environment, environmentSchema } from './environment.schema.ts';
import { type FileContents, readFiles } from './read-files.ts';

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
  const files = readFiles(environment, problems);
  checkTogether(environment, files, broken, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return configOf(environment, files);
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

const configOf = (environment: Environment, files: FileContents): Config => {
  const { key, cassandraPassword } = files;
  const production = environment.NODE_ENV === 'production';
  const port = environment.HTTP_PORT ?? 8002;
  const username = environment.CASSANDRA_USERNAME;
  return {
    production,
    instanceId: environment.INSTANCE_ID ?? `${hostname()}:${port}`,
    logLevel: environment.LOG_LEVEL ?? 'info',
    http: {
      host: environment.HTTP_HOST ?? '127.0.0.1',
      port,
      corsOrigins: environment.CORS_ORIGINS ?? [],
      trustProxy: environment.TRUST_PROXY ?? [],
      requestsPerMinute: {
        perUser: environment.HTTP_REQUESTS_PER_USER ?? 6_000,
        perAddress: environment.HTTP_REQUESTS_PER_ADDRESS ?? 60_000,
      },
    },
    auth: {
      key,
      jwksUrl: environment.JWKS_URL,
      algorithm: environment.ALGORITHM ?? (environment.JWKS_URL === undefined ? 'HS256' : 'RS256'),
      issuer: environment.JWT_ISSUER,
      audience: environment.JWT_AUDIENCE,
    },
    metricsPort: environment.METRICS_PORT ?? 9464,
    authBackendUrl: environment.AUTH_BACKEND_BASE_URL,
    rates: { perUser: environment.RATE_PER_USER, perChat: environment.RATE_PER_CHAT },
    retention: {
      days: environment.RETENTION_DAYS,
      sweepEveryMs: (environment.RETENTION_SWEEP_MINUTES ?? 360) * 60_000,
      chatsPerSecond: environment.RETENTION_CHATS_PER_SECOND ?? 50,
    },
    rabbitmq:
      files.rabbitmqUrl === undefined
        ? undefined
        : { url: files.rabbitmqUrl, tls: files.rabbitmqUrl.startsWith('amqps:') ? files.rabbitmqTls : undefined },
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
            tls: isCassandraTls(environment, files)
              ? { ...files.cassandraTls, serverName: environment.CASSANDRA_TLS_SERVER_NAME }
              : undefined,
          },
    shards: environment.SHARDS,
    prefetch: environment.PREFETCH ?? 640,
    sessionTimeoutMs: environment.SESSION_TIMEOUT_MS ?? 6000,
    dataDir: environment.DATA_DIR ?? './data',
    policyDir: environment.POLICY_DIR ?? './policies',
    policyShadowDir: environment.POLICY_SHADOW_DIR,
    migrate: environment.MIGRATE ?? !production,
  };
};
