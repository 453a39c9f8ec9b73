import { readFileSync } from 'node:fs';
import type { Environment } from './environment.schema.ts';

/** What the environment says in a variable or in a file that it names. */
export type FileContents = {
  readonly key: string | undefined;
  /** With the password of its own file in it. */
  readonly rabbitmqUrl: string | undefined;
  readonly rabbitmqTls: TlsFiles;
  readonly cassandraPassword: string | undefined;
  readonly cassandraTls: TlsFiles;
};

/** PEM texts. */
export type TlsFiles = {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
};

type FileVariable = Extract<keyof Environment, `${string}_FILE`>;
type Secret = 'KEY' | 'CASSANDRA_PASSWORD' | 'RABBITMQ_URL';

export const readFiles = (environment: Environment, problems: string[]): FileContents => {
  const file = (name: FileVariable): string | undefined => {
    const path = environment[name];
    if (path === undefined) return undefined;
    const example = `for example ${name}=/run/secrets/${name.slice(0, -'_FILE'.length).toLowerCase()}`;
    try {
      const content = readFileSync(path, 'utf8').trim();
      if (content !== '') return content;
      problems.push(`${name} must name a file with something in it (it is empty), ${example}`);
    } catch (error) {
      problems.push(`${name} must name a readable file (${(error as NodeJS.ErrnoException).code}), ${example}`);
    }
    // Something was meant: no second complaint that nothing is set.
    return '';
  };
  const secret = (name: Secret): string | undefined => {
    const fileName = `${name}_FILE` as const;
    if (environment[name] === undefined || environment[fileName] === undefined) {
      return environment[name] ?? file(fileName);
    }
    problems.push(
      `${name} and ${fileName} must not both be set, for example only ${fileName}=/run/secrets/${name.toLowerCase()}`,
    );
    return environment[name];
  };
  const tls = (server: 'RABBITMQ' | 'CASSANDRA'): TlsFiles => ({
    ca: file(`${server}_TLS_CA_FILE`),
    cert: file(`${server}_TLS_CERT_FILE`),
    key: file(`${server}_TLS_KEY_FILE`),
  });
  return {
    key: secret('KEY'),
    rabbitmqUrl: withPassword(secret('RABBITMQ_URL'), file('RABBITMQ_PASSWORD_FILE'), problems),
    rabbitmqTls: tls('RABBITMQ'),
    cassandraPassword: secret('CASSANDRA_PASSWORD'),
    cassandraTls: tls('CASSANDRA'),
  };
};

const urlExample = 'for example RABBITMQ_URL=amqps://messaging@rabbitmq:5671/vhost';

const withPassword = (url: string | undefined, password: string | undefined, problems: string[]) => {
  if (url === undefined || url === '') {
    if (password) problems.push(`RABBITMQ_URL must be set when there is RABBITMQ_PASSWORD_FILE, ${urlExample}`);
    return url;
  }
  const parts = URL.parse(url);
  if (parts === null || !['amqp:', 'amqps:'].includes(parts.protocol) || parts.hostname === '') {
    problems.push(`RABBITMQ_URL must be an amqp:// or amqps:// URL, also in RABBITMQ_URL_FILE, ${urlExample}`);
    return '';
  }
  if (password === undefined) return url;
  if (parts.username === '' || parts.password !== '') {
    problems.push(`RABBITMQ_URL must have a user and no password when there is RABBITMQ_PASSWORD_FILE, ${urlExample}`);
    return url;
  }
  parts.password = encodeURIComponent(password);
  return parts.href;
};
