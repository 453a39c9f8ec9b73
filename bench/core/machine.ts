import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';

/** What a figure depends on besides the code. */
export const describeMachine = (): Record<string, string> => ({
  cpu: `${cpus().length} × ${cpus()[0]?.model ?? 'unknown'}`,
  memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
  kernel: release(),
  node: process.version,
  java: firstLine('java', ['-version']),
  rabbitmq: packageVersion('rabbitmq-server'),
  erlang: packageVersion('erlang-base'),
  cassandra: stackVersion(),
  driver: moduleVersion('cassandra-driver'),
  amqplib: moduleVersion('amqplib'),
  durability:
    'quorum queues, persistent, confirmed; Cassandra one node, commitlog_sync periodic; SQLite WAL, synchronous FULL',
  commit: firstLine('git', ['rev-parse', '--short', 'HEAD']),
  loadAtStart: loadavg()[0]!.toFixed(2),
});

/** `java -version` speaks on stderr. */
const firstLine = (command: string, args: readonly string[]): string => {
  try {
    return execFileSync('sh', ['-c', `${command} ${args.join(' ')} 2>&1`], { encoding: 'utf8' })
      .split('\n')[0]!
      .trim();
  } catch {
    return 'unknown';
  }
};

const packageVersion = (name: string): string => firstLine('dpkg-query', ['-W', `-f='\${Version}'`, name]);

const moduleVersion = (name: string): string =>
  JSON.parse(readFileSync(new URL(`../../node_modules/${name}/package.json`, import.meta.url), 'utf8')).version;

const stackVersion = (): string => {
  const settings = readFileSync(new URL('../../ops/local-stack/settings.sh', import.meta.url), 'utf8');
  return /^cassandra_version=(.*)$/m.exec(settings)?.[1] ?? 'unknown';
};
