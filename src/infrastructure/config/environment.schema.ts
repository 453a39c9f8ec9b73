import { isIP } from 'node:net';
import { z } from 'zod';
import { maxRetentionDays } from '../../domain/chat/command.ts';
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

export const hmacAlgorithms = ['HS256', 'HS384', 'HS512'] as const;
export const publicKeyAlgorithms = [
  ...(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'] as const),
  ...(['ES256', 'ES384', 'ES512', 'EdDSA'] as const),
];

const isAddressRange = (text: string): boolean => {
  const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  return isIP(address) !== 0 && Number(bits ?? 0) <= (isIP(address) === 4 ? 32 : 128);
};

/** Every variable that the service reads; env_example.txt lists the same. */
export const environmentSchema = z.object({
  NODE_ENV: oneOf(['development', 'test', 'production'], 'production'),
  HTTP_HOST: matching(/^[A-Za-z0-9.:_-]+$/, 'be an address to listen on', '127.0.0.1'),
  HTTP_PORT: wholeNumber(0, 65_535, 8002),
  METRICS_PORT: wholeNumber(0, 65_535, 9464),
  CORS_ORIGINS: list(isOrigin, 'be origins separated by commas, or *', 'https://chat.example.org'),
  TRUST_PROXY: list(isAddressRange, 'be addresses or ranges separated by commas', '10.0.0.0/8,127.0.0.1'),
  HTTP_REQUESTS_PER_USER: wholeNumber(0, 100_000_000, 6_000),
  HTTP_REQUESTS_PER_ADDRESS: wholeNumber(0, 100_000_000, 60_000),
  RATE_PER_USER: rate('10/100'),
  RATE_PER_CHAT: rate('200/2000'),
  RETENTION_DAYS: wholeNumber(1, maxRetentionDays, 365),
  RETENTION_SWEEP_MINUTES: wholeNumber(1, 7 * 24 * 60, 360),
  RETENTION_CHATS_PER_SECOND: wholeNumber(1, 10_000, 50),
  AUTH_BACKEND_BASE_URL: variable(
    (value) => (isUrl(value, ['http:', 'https:']) ? value : undefined),
    'be an http:// or https:// URL',
    'http://auth_backend:8000',
  ),
  KEY: text('the-key-of-the-auth-service'),
  KEY_FILE: text('/run/secrets/key'),
  ALGORITHM: oneOf([...hmacAlgorithms, ...publicKeyAlgorithms], 'HS256'),
  JWKS_URL: variable(
    (value) => (isUrl(value, ['http:', 'https:']) ? value : undefined),
    'be an https:// URL',
    'https://auth.example.org/.well-known/jwks.json',
  ),
  JWT_ISSUER: text('https://auth.example.org'),
  JWT_AUDIENCE: text('chat-messaging'),
  RABBITMQ_URL: variable(
    (value) => (isUrl(value, ['amqp:', 'amqps:']) ? value : undefined),
    'be an amqp:// or amqps:// URL',
    'amqp://user:password@rabbitmq:5672/vhost',
  ),
  RABBITMQ_URL_FILE: text('/run/secrets/rabbitmq-url'),
  RABBITMQ_PASSWORD_FILE: text('/run/secrets/rabbitmq-password'),
  RABBITMQ_TLS_CA_FILE: text('/run/secrets/ca.pem'),
  RABBITMQ_TLS_CERT_FILE: text('/run/secrets/client.pem'),
  RABBITMQ_TLS_KEY_FILE: text('/run/secrets/client-key.pem'),
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
  PREFETCH: wholeNumber(1, 65_535, 640),
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
  CASSANDRA_TLS: yesOrNo(true),
  CASSANDRA_TLS_CA_FILE: text('/run/secrets/ca.pem'),
  CASSANDRA_TLS_CERT_FILE: text('/run/secrets/client.pem'),
  CASSANDRA_TLS_KEY_FILE: text('/run/secrets/client-key.pem'),
  CASSANDRA_TLS_SERVER_NAME: matching(/^[A-Za-z0-9.-]{1,253}$/, 'be a host name', 'cassandra.internal'),
  ALLOW_INSECURE: yesOrNo(false),
  DATA_DIR: text('./data'),
  POLICY_DIR: text('./policies'),
  POLICY_SHADOW_DIR: text('./policies-next'),
  MIGRATE: yesOrNo(true),
  LOG_LEVEL: oneOf(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'], 'info'),
});

export type Environment = z.output<typeof environmentSchema>;
