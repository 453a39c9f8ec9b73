import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { redacted } from '../../src/infrastructure/config/config.ts';
import { ConfigError } from '../../src/infrastructure/config/config-error.ts';
import { developmentKey, developmentKeyPath } from '../../src/infrastructure/config/development-key.ts';
import { environmentSchema } from '../../src/infrastructure/config/environment.schema.ts';
import { loadConfig } from '../../src/infrastructure/config/load-config.ts';

const directory = () => mkdtempSync(join(tmpdir(), 'config-'));

const errorOf = (variables: Record<string, string>): ConfigError => {
  try {
    loadConfig(variables);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error('the configuration was accepted');
};

describe('the configuration', () => {
  it('is everything embedded when nothing is set', () => {
    expect(loadConfig({})).toEqual({
      production: false,
      instanceId: `${hostname()}:8002`,
      logLevel: 'info',
      http: {
        host: '127.0.0.1',
        port: 8002,
        corsOrigins: [],
        trustProxy: [],
        requestsPerMinute: { perUser: 6_000, perAddress: 60_000 },
      },
      metricsPort: 9464,
      auth: { key: undefined, algorithm: 'HS256' },
      authBackendUrl: undefined,
      rates: { perUser: undefined, perChat: undefined },
      retention: { days: undefined, sweepEveryMs: 21_600_000, chatsPerSecond: 50 },
      rabbitmq: undefined,
      database: { exchange: 'database', queue: 'database.primary' },
      delivery: { exchange: 'delivery', exchangeType: 'direct', routingKey: '' },
      cassandra: undefined,
      shards: undefined,
      prefetch: 640,
      sessionTimeoutMs: 6000,
      dataDir: './data',
      policyDir: './policies',
      policyShadowDir: undefined,
      migrate: true,
    });
  });

  it('takes a blank value for none', () => {
    const blank = Object.fromEntries(Object.keys(environmentSchema.shape).map((name) => [name, ' ']));
    expect(loadConfig(blank)).toEqual(loadConfig({}));
  });

  it('takes what is set', () => {
    const config = loadConfig({
      NODE_ENV: 'production',
      KEY: 'k',
      HTTP_PORT: '9000',
      RABBITMQ_URL: 'amqp://a:b@rabbit/vhost',
      CASSANDRA_CONTACT_POINTS: 'one, two:9043,[::1]:9042',
      CASSANDRA_USERNAME: 'u',
      CASSANDRA_PASSWORD: 'p',
      CORS_ORIGINS: 'https://a.example,http://localhost:3000',
      SHARDS: '32',
      ALLOW_INSECURE: 'true',
      DATABASE_EXCHANGE_NAME: 'db',
      DATABASE_QUEUE_NAME: 'db.first',
    });
    expect(config).toMatchObject({
      production: true,
      migrate: false,
      shards: 32,
      database: { exchange: 'db', queue: 'db.first' },
      instanceId: `${hostname()}:9000`,
      rabbitmq: { url: 'amqp://a:b@rabbit/vhost' },
      cassandra: { contactPoints: ['one', 'two:9043', '[::1]:9042'], credentials: { username: 'u', password: 'p' } },
      http: { corsOrigins: ['https://a.example', 'http://localhost:3000'] },
    });
    expect(loadConfig({ NODE_ENV: 'production', KEY: 'k', MIGRATE: 'true' }).migrate).toBe(true);
  });

  it('tells everything that is wrong at once, with the variable and an example', () => {
    const { problems, message } = errorOf({
      NODE_ENV: 'production',
      HTTP_PORT: '80000',
      PREFETCH: '2.5',
      DATABASE_QUEUE_NAME: 'two words',
      LOG_LEVEL: 'loud',
      MIGRATE: 'perhaps',
      RABBITMQ_URL: 'rabbitmq:5672',
      CASSANDRA_CONTACT_POINTS: 'one:two',
      CASSANDRA_USERNAME: 'u',
      CORS_ORIGINS: 'example.org',
      KEY_FILE: '/nowhere/key',
    });
    const named = problems.map((problem) => problem.split(' ')[0]);
    expect(named.sort()).toEqual([
      'CASSANDRA_CONTACT_POINTS',
      'CASSANDRA_PASSWORD',
      'CORS_ORIGINS',
      'DATABASE_QUEUE_NAME',
      'HTTP_PORT',
      'KEY_FILE',
      'LOG_LEVEL',
      'MIGRATE',
      'PREFETCH',
      'RABBITMQ_URL',
    ]);
    expect(message).toContain('HTTP_PORT must be a whole number from 0 to 65535, for example HTTP_PORT=8002\n');
    for (const problem of problems) expect(problem).toMatch(/, for example .*[A-Z_]+=\S/);
  });

  it('never repeats a value: it may be a secret', () => {
    const { message } = errorOf({
      RABBITMQ_URL: 'http://user:hunter2@host',
      KEY: 'hunter2',
      KEY_FILE: '/tmp/hunter2',
      CASSANDRA_PASSWORD: 'hunter2',
      CASSANDRA_KEYSPACE: 'Hunter2',
    });
    expect(message.toLowerCase()).not.toContain('hunter2');
  });

  it.each([
    ['RabbitMQ', { RABBITMQ_URL: 'amqp://u:p@rabbit' }, { RABBITMQ_URL: 'amqps://u:p@rabbit' }],
    [
      'Cassandra',
      { CASSANDRA_CONTACT_POINTS: '127.0.0.1,cassandra:9042' },
      { CASSANDRA_CONTACT_POINTS: 'cassandra', CASSANDRA_TLS: 'true' },
    ],
    ['a JWKS', { JWKS_URL: 'http://auth/jwks' }, { JWKS_URL: 'https://auth/jwks' }],
    ['the auth service', { AUTH_BACKEND_BASE_URL: 'http://auth:8000' }, { AUTH_BACKEND_BASE_URL: 'https://auth' }],
  ])('does not go to %s on another machine in plaintext, unless told to', (_, plain, safe) => {
    expect(errorOf(plain as Record<string, string>).problems).toEqual([
      expect.stringMatching(/another machine.*ALLOW_INSECURE=true/),
    ]);
    expect(() => loadConfig({ ...(plain as Record<string, string>), ALLOW_INSECURE: 'true' })).not.toThrow();
    expect(() => loadConfig(safe as Record<string, string>)).not.toThrow();
  });

  it.each(['amqp://g:g@127.0.0.1', 'amqp://g:g@localhost:5679', 'amqp://g:g@[::1]'])(
    'lets %s be plaintext: it does not leave the machine',
    (url) => {
      expect(loadConfig({ RABBITMQ_URL: url }).rabbitmq?.url).toBe(url);
    },
  );

  it.each([
    [{ JWKS_URL: 'https://auth/jwks', ALGORITHM: 'HS256' }, /ALGORITHM must not be one with a shared key/],
    [{ ALGORITHM: 'RS256' }, /ALGORITHM must be HS256/],
    [{ KEY: 'k', JWKS_URL: 'https://auth/jwks' }, /KEY and JWKS_URL must not both be set/],
    [
      { RABBITMQ_URL: 'amqps://u:p@rabbit', RABBITMQ_TLS_CERT_FILE: 'package.json' },
      /RABBITMQ_TLS_KEY_FILE must be set/,
    ],
    [{ CASSANDRA_TLS_CA_FILE: '/nowhere/ca.pem' }, /CASSANDRA_TLS_CA_FILE must name a readable file/],
    [{ CASSANDRA_TLS: 'false', CASSANDRA_TLS_CA_FILE: 'package.json' }, /CASSANDRA_TLS must not be false/],
  ])('does not guess what %j means', (variables, sentence) => {
    expect(errorOf(variables as Record<string, string>).message).toMatch(sentence);
  });

  it('puts the password of a file into the URL of RabbitMQ, and takes the whole URL from one', () => {
    const dir = directory();
    writeFileSync(join(dir, 'password'), 'a@b/c%\n');
    writeFileSync(join(dir, 'url'), 'amqp://u:p@127.0.0.1/vhost\n');
    const url =
      loadConfig({ RABBITMQ_URL: 'amqp://u@127.0.0.1/v', RABBITMQ_PASSWORD_FILE: join(dir, 'password') }).rabbitmq
        ?.url ?? '';
    expect(decodeURIComponent(new URL(url).password)).toBe('a@b/c%');
    expect(loadConfig({ RABBITMQ_URL_FILE: join(dir, 'url') }).rabbitmq?.url).toBe('amqp://u:p@127.0.0.1/vhost');
    expect(
      errorOf({ RABBITMQ_URL: 'amqp://u:p@127.0.0.1', RABBITMQ_PASSWORD_FILE: join(dir, 'password') }).message,
    ).toMatch(/no password/);
  });

  it('reads secrets from files', () => {
    const dir = directory();
    writeFileSync(join(dir, 'key'), 'from the file\n');
    writeFileSync(join(dir, 'empty'), '\n');
    expect(loadConfig({ KEY_FILE: join(dir, 'key') }).auth.key).toBe('from the file');
    expect(errorOf({ KEY_FILE: join(dir, 'empty'), NODE_ENV: 'production' }).problems).toHaveLength(1);
  });

  it('goes nowhere in production without a key', () => {
    expect(errorOf({ NODE_ENV: 'production' }).problems).toEqual([
      expect.stringContaining('KEY must be set in production'),
    ]);
  });

  it('is logged without its secrets', () => {
    const text = JSON.stringify(
      redacted(
        loadConfig({
          KEY: 'hunter2',
          RABBITMQ_URL: 'amqp://me:hunter2@rabbit/vhost?password=hunter2',
          CASSANDRA_CONTACT_POINTS: 'one',
          CASSANDRA_USERNAME: 'u',
          CASSANDRA_PASSWORD: 'hunter2',
          ALLOW_INSECURE: 'true',
        }),
      ),
    );
    expect(text).not.toContain('hunter2');
    expect(text).toContain('rabbit/vhost');
  });

  it('is described in env_example.txt: the same variables, each after a sentence', () => {
    const lines = readFileSync(new URL('../../env_example.txt', import.meta.url), 'utf8').split('\n');
    const variables = lines.flatMap((line, index) => {
      const name = /^#([A-Z_]+)=/.exec(line)?.[1];
      if (name !== undefined) expect(lines[index - 1], name).toMatch(/^# \w.*\.$/);
      return name ?? [];
    });
    expect(variables.sort()).toEqual(Object.keys(environmentSchema.shape).sort());
  });

  it('is the same when every default in env_example.txt is set', () => {
    const lines = readFileSync(new URL('../../env_example.txt', import.meta.url), 'utf8').matchAll(
      /^#([A-Z_]+)=(.*)$/gm,
    );
    expect(loadConfig(Object.fromEntries([...lines].map(([, name, value]) => [name, value])))).toEqual(loadConfig({}));
  });
});

describe('the development key', () => {
  it('is made once, kept, and readable by its owner only', () => {
    const dir = join(directory(), 'not', 'yet');
    const key = developmentKey(dir);
    expect(key).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(developmentKey(dir)).toBe(key);
    expect(statSync(developmentKeyPath(dir)).mode & 0o777).toBe(0o600);
    expect(developmentKey(directory())).not.toBe(key);
  });

  it('says what to do when the directory cannot be used', () => {
    const file = join(directory(), 'a-file');
    writeFileSync(file, '');
    expect(() => developmentKey(file)).toThrow(/DATA_DIR.*Make .* writable, or set KEY/);
  });
});
