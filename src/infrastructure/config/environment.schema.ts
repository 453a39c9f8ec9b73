import { z } from 'zod';
import { list, matching, oneOf, text, variable, wholeNumber, yesOrNo } from './variable.ts';

const hostAndPort = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/;

const isUrl = (value: string, protocols: readonly string[]): boolean =>
  URL.canParse(value) && protocols.includes(new URL(value).protocol) && new URL(value).hostname !== '';

const isOrigin = (value: string): boolean =>
  value === '*' || (isUrl(value, ['http:', 'https:']) && new URL(value).origin === value);

const rate = (example: string) =>
  variable(
    (value) => {
      const [, perSecond, burst] = /^(\d{1,6}(?:\.\d{1,3})?)\/(\d{1,6})$/.exec(value) ?? [];
      const found = { perSecond: Number(perSecond), burst: Number(burst) };
      return found.perSecond > 0 && found.burst >= 1 ? found : undefined;
    },
    'be commands per second / commands at once',
    example,
  );

const brokerName = (example: string) =>
  matching(/^[\x21-\x7e]{1,127}$/, 'be 1 to 127 printable characters without spaces', example);

/** Every variable that the service reads; env_example.txt lists the same. */
export const environmentSchema = z.object({
  NODE_ENV: oneOf(['development', 'test', 'production'], 'production'),
  HTTP_HOST: matching(/^[A-Za-z0-9.:_-]+$/, 'be an address to listen on', '127.0.0.1'),
  HTTP_PORT: wholeNumber(0, 65_535, 8002),
  METRICS_PORT: wholeNumber(0, 65_535, 9464),
  CORS_ORIGINS: list(isOrigin, 'be origins separated by commas, or *', 'https://chat.example.org'),
  RATE_PER_USER: rate('10/100'),
  RATE_PER_CHAT: rate('200/2000'),
  AUTH_BACKEND_BASE_URL: variable(
    (value) => (isUrl(value, ['http:', 'https:']) ? value : undefined),
    'be an http:// or https:// URL',
    'http://auth_backend:8000',
  ),
  KEY: text('the-key-of-the-auth-service'),
  KEY_FILE: text('/run/secrets/key'),
  ALGORITHM: oneOf(['HS256', 'HS384', 'HS512'], 'HS256'),
  RABBITMQ_URL: variable(
    (value) => (isUrl(value, ['amqp:', 'amqps:']) ? value : undefined),
    'be an amqp:// or amqps:// URL',
    'amqp://user:password@rabbitmq:5672/vhost',
  ),
  DATABASE_EXCHANGE_NAME: brokerName('database'),
  DATABASE_QUEUE_NAME: brokerName('database.primary'),
  DELIVERY_EXCHANGE_NAME: brokerName('delivery'),
  DELIVERY_EXCHANGE_TYPE: oneOf(['direct', 'topic', 'fanout', 'headers'], 'direct'),
  DELIVERY_ROUTING_KEY: matching(
    /^[\x21-\x7e]{1,200}$/,
    'be at most 200 printable characters without spaces',
    'chat.{chat_id}.{type}',
  ),
  SHARDS: wholeNumber(1, 256, 16),
  PREFETCH: wholeNumber(1, 65_535, 256),
  SESSION_TIMEOUT_MS: wholeNumber(500, 600_000, 6000),
  INSTANCE_ID: matching(/^[\x21-\x7e]{1,200}$/, 'be 1 to 200 printable characters without spaces', 'messaging-1'),
  CASSANDRA_CONTACT_POINTS: list(
    (item) => hostAndPort.test(item) && Number(/:(\d+)$/.exec(item)?.[1] ?? 1) <= 65_535,
    'be host[:port], separated by commas',
    'cassandra-1:9042,cassandra-2:9042',
  ),
  CASSANDRA_LOCAL_DATACENTER: text('datacenter1'),
  CASSANDRA_KEYSPACE: matching(/^[a-z][a-z0-9_]{0,47}$/, 'be 1 to 48 of a-z 0-9 _, a letter first', 'chat_messaging'),
  CASSANDRA_REPLICATION_FACTOR: wholeNumber(1, 9, 3),
  CASSANDRA_USERNAME: text('messaging'),
  CASSANDRA_PASSWORD: text('the-password'),
  CASSANDRA_PASSWORD_FILE: text('/run/secrets/cassandra-password'),
  DATA_DIR: text('./data'),
  POLICY_DIR: text('./policies'),
  POLICY_SHADOW_DIR: text('./policies-next'),
  MIGRATE: yesOrNo(true),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info'),
});

export type Environment = z.output<typeof environmentSchema>;
