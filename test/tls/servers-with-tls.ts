import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificates } from '../support/certificates.ts';

const root = new URL('../../', import.meta.url).pathname;
const basePort = (name: string, usual: number): number => Number(process.env[name] ?? usual) + 3;

/** A local stack of its own that speaks TLS alone, asks for client certificates, and has the users of ops/privileges. */
export class ServersWithTls {
  readonly dir = mkdtempSync(join(tmpdir(), 'chat-messaging-tls-'));
  readonly rabbitmqPort = basePort('LOCAL_STACK_RABBITMQ_PORT', 5679);
  readonly cassandraPort = basePort('LOCAL_STACK_CASSANDRA_PORT', 9049);
  readonly #env = {
    ...process.env,
    LOCAL_STACK_DIR: join(this.dir, 'stack'),
    LOCAL_STACK_TLS_DIR: join(this.dir, 'tls'),
    LOCAL_STACK_RABBITMQ_PORT: String(this.rabbitmqPort),
    LOCAL_STACK_CASSANDRA_PORT: String(this.cassandraPort),
    LOCAL_STACK_CASSANDRA_HEAP: '512m',
    RABBITMQCTL: join(root, 'ops/local-stack/rabbitmqctl.sh'),
    RABBITMQ_PASSWORD: 'from a file',
  };

  up(): void {
    mkdirSync(join(this.dir, 'tls'));
    makeCertificates(join(this.dir, 'tls'));
    this.#run('ops/local-stack/stack.sh', 'up');
    this.#run('ops/privileges/rabbitmq.sh');
  }

  down(): void {
    this.#run('ops/local-stack/stack.sh', 'down');
    rmSync(this.dir, { recursive: true, force: true });
  }

  file(name: string): string {
    return join(this.dir, 'tls', name);
  }

  pem(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  #run(script: string, ...args: string[]): void {
    execFileSync(join(root, script), args, { env: this.#env, stdio: ['ignore', 'inherit', 'inherit'] });
  }
}

/** The statements of ops/privileges/cassandra.cql, in two parts: before and after the migration. */
export const cassandraPrivileges = (): readonly [readonly string[], readonly string[]] => {
  const text = readFileSync(join(root, 'ops/privileges/cassandra.cql'), 'utf8').replace(/--.*$/gm, '');
  const statements = text.split(';').map((one) => one.trim());
  const isAfter = (one: string) => one.includes('KEYSPACE chat_messaging');
  return [statements.filter((one) => one !== '' && !isAfter(one)), statements.filter(isAfter)];
};
