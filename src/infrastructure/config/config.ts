import type { Environment } from './environment.schema.ts';
import type { TlsFiles } from './read-files.ts';

type Value<Name extends keyof Environment> = NonNullable<Environment[Name]>;

/** What the service runs with. `undefined` in place of a server's settings means its embedded stand-in. */
export type Config = {
  readonly production: boolean;
  readonly instanceId: string;
  readonly logLevel: Value<'LOG_LEVEL'>;
  readonly http: {
    readonly host: string;
    readonly port: number;
    readonly corsOrigins: readonly string[];
    /** Addresses whose word about where a request came from is taken. */
    readonly trustProxy: readonly string[];
    /** 0: no limit. */
    readonly requestsPerMinute: { readonly perUser: number; readonly perAddress: number };
  };
  readonly auth: {
    /** Without a key and a JWKS (never in production) the key in `dataDir` is used: development-key.ts. */
    readonly key: string | undefined;
    /** Where the public keys are; `algorithm` is one for them exactly when this is set. */
    readonly jwksUrl: string | undefined;
    readonly algorithm: Value<'ALGORITHM'>;
    readonly issuer: string | undefined;
    readonly audience: string | undefined;
  };
  /** Prometheus asks there, on the same host. */
  readonly metricsPort: number;
  /** The service that knows names and avatars. */
  readonly authBackendUrl: string | undefined;
  /** Token buckets in every chat; undefined: no limit. */
  readonly rates: {
    readonly perUser: Value<'RATE_PER_USER'> | undefined;
    readonly perChat: Value<'RATE_PER_CHAT'> | undefined;
  };
  readonly retention: {
    /** For chats without a setting of their own; undefined: for ever. */
    readonly days: number | undefined;
    readonly sweepEveryMs: number;
    readonly chatsPerSecond: number;
  };
  readonly rabbitmq: { readonly url: string; readonly tls: TlsFiles | undefined } | undefined;
  /** The siblings' way in. */
  readonly database: { readonly exchange: string; readonly queue: string };
  readonly delivery: {
    readonly exchange: string;
    readonly exchangeType: Value<'DELIVERY_EXCHANGE_TYPE'>;
    readonly routingKey: string;
  };
  readonly cassandra:
    | {
        readonly contactPoints: readonly string[];
        readonly localDataCenter: string;
        readonly keyspace: string;
        readonly replicationFactor: number;
        readonly credentials: { readonly username: string; readonly password: string } | undefined;
        /** Undefined: plaintext. */
        readonly tls: (TlsFiles & { readonly serverName: string | undefined }) | undefined;
      }
    | undefined;
  /** Undefined: what the store has, else 16. */
  readonly shards: number | undefined;
  readonly prefetch: number;
  readonly sessionTimeoutMs: number;
  readonly dataDir: string;
  readonly policyDir: string;
  /** Policies that look on; undefined: none. */
  readonly policyShadowDir: string | undefined;
  readonly migrate: boolean;
};

const hidden = '[redacted]';

/** The same without its secrets, for the log. */
export const redacted = (config: Config): object => ({
  ...config,
  auth: { ...config.auth, key: config.auth.key === undefined ? undefined : hidden },
  rabbitmq: config.rabbitmq && {
    url: withoutPassword(config.rabbitmq.url),
    tls: config.rabbitmq.tls && namesOfSet(config.rabbitmq.tls),
  },
  cassandra: config.cassandra && {
    ...config.cassandra,
    credentials: config.cassandra.credentials && { username: config.cassandra.credentials.username, password: hidden },
    tls: config.cassandra.tls && namesOfSet(config.cassandra.tls),
  },
});

/** Which parts there are: certificates are long, and a key is a secret. */
const namesOfSet = (parts: object): readonly string[] =>
  Object.entries(parts).flatMap(([name, value]) => (value === undefined ? [] : [name]));

/** Query parameters may carry secrets too (AMQP's auth mechanism, for one). */
const withoutPassword = (text: string): string => {
  const url = new URL(text);
  if (url.password !== '') url.password = 'redacted';
  url.search = '';
  return url.href;
};
