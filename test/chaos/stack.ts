import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type ConfirmChannel, type Connection, connect } from 'amqplib/callback_api';
import cassandra from 'cassandra-driver';
import { parseExports } from '../support/local-stack.ts';
import { called } from './connection.ts';

const run = promisify(execFile);
/** What the names of a run's vhost and keyspace begin with. */
const prefix = 'chaos_';
const folder = new URL('../../ops/local-stack/', import.meta.url).pathname;
const root = new URL('../../', import.meta.url).pathname;

export type StackServer = 'rabbitmq' | 'cassandra';

/** The local stack (LOCAL_STACK_*), which a run needs for itself: its servers are killed. Every run has a vhost and a keyspace of its own. */
export class Stack {
  readonly name: string;
  readonly rabbitmqPort: number;
  readonly cassandraPort: number;
  readonly dataCenter: string;

  private constructor(name: string, env: Record<string, string>) {
    this.name = name;
    this.rabbitmqPort = Number(new URL(env.RABBITMQ_URL!).port);
    this.cassandraPort = Number(env.CASSANDRA_CONTACT_POINTS!.split(':')[1]);
    this.dataCenter = env.CASSANDRA_LOCAL_DATACENTER!;
  }

  static async up(): Promise<Stack> {
    const name = `${prefix}${Date.now().toString(36)}`;
    await run(`${folder}stack.sh`, ['up']);
    const stack = new Stack(name, parseExports((await run(`${folder}stack.sh`, ['env'])).stdout));
    await stack.rabbitmqctl('await_startup');
    await stack.#clearAll();
    await stack.rabbitmqctl('add_vhost', name);
    await stack.rabbitmqctl('set_permissions', '-p', name, 'guest', '.*', '.*', '.*');
    const { PATH = '', HOME = '' } = process.env;
    await run(process.execPath, ['src/migrate.ts'], { cwd: root, env: { PATH, HOME, ...stack.cassandraEnv() } });
    return stack;
  }

  rabbitmqUrl(port = this.rabbitmqPort): string {
    return `amqp://guest:guest@127.0.0.1:${port}/${this.name}`;
  }

  cassandraEnv(port = this.cassandraPort): Record<string, string> {
    return {
      CASSANDRA_CONTACT_POINTS: `127.0.0.1:${port}`,
      CASSANDRA_LOCAL_DATACENTER: this.dataCenter,
      CASSANDRA_KEYSPACE: this.name,
    };
  }

  async rabbitmqctl(...args: string[]): Promise<string> {
    return (await run(`${folder}rabbitmqctl.sh`, args)).stdout;
  }

  /** Shards' queues that are not empty, with what is delivered and not acked. */
  async commandsLeft(): Promise<{ queue: string; commands: number }[]> {
    const table = await this.rabbitmqctl('-q', 'list_queues', '-p', this.name, 'name', 'messages');
    return [...table.matchAll(/^(chat\.commands\.\S+)\s+(\d+)$/gm)]
      .map(([, queue, messages]) => ({ queue: queue!, commands: Number(messages) }))
      .filter(({ commands }) => commands > 0);
  }

  /** Leaves something in what looks like a shard's queue, for the proof that this is seen. */
  async forgetCommand(): Promise<void> {
    const opened = Promise.withResolvers<Connection>();
    connect(this.rabbitmqUrl(), (error: Error | null, model: Connection) =>
      error ? opened.reject(error) : opened.resolve(model),
    );
    const model = await opened.promise;
    const channel = await called<ConfirmChannel>((done) => model.createConfirmChannel(done));
    await called((done) => channel.assertQueue('chat.commands.forgotten', {}, done));
    await called((done) => channel.sendToQueue('chat.commands.forgotten', Buffer.from('{}'), {}, done));
    await called((done) => model.close(() => done(null, undefined)));
  }

  /** Ends a server with a signal and returns when it is gone. */
  async end(server: StackServer, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const pid = await this.#pidOf(server);
    process.kill(pid, signal);
    while (isRunning(pid)) await sleep(50);
  }

  /** Starts what does not run; returns when it answers. */
  async start(): Promise<void> {
    await run(`${folder}stack.sh`, ['up']);
    await this.rabbitmqctl('await_startup');
  }

  /** A statement on this run's keyspace, past every proxy. */
  async cql(statement: string, params: readonly unknown[] = []): Promise<cassandra.types.ResultSet> {
    return this.#execute(statement, params, this.name);
  }

  async #execute(statement: string, params: readonly unknown[], keyspace?: string): Promise<cassandra.types.ResultSet> {
    const client = new cassandra.Client({
      contactPoints: [`127.0.0.1:${this.cassandraPort}`],
      localDataCenter: this.dataCenter,
      ...(keyspace !== undefined && { keyspace }),
      socketOptions: { readTimeout: 30_000 },
    });
    try {
      return await client.execute(statement, [...params], { prepare: params.length > 0 });
    } finally {
      await client.shutdown();
    }
  }

  /** Takes away what the run has made; the servers stay. Rejects when one of them does not run: it is not started for that. */
  async clear(): Promise<void> {
    await this.rabbitmqctl('set_vm_memory_high_watermark', '0.4');
    await this.#clearAll();
  }

  /** What runs that were killed have left behind, too: the stack is one run's at a time. */
  async #clearAll(): Promise<void> {
    const vhosts = (await this.rabbitmqctl('-q', 'list_vhosts', 'name')).split('\n');
    for (const vhost of vhosts) if (vhost.startsWith(prefix)) await this.rabbitmqctl('delete_vhost', vhost);
    const { rows } = await this.#execute('SELECT keyspace_name FROM system_schema.keyspaces', []);
    for (const { keyspace_name: keyspace } of rows)
      if (keyspace.startsWith(prefix)) await this.#execute(`DROP KEYSPACE IF EXISTS ${keyspace}`, []);
  }

  async #pidOf(server: StackServer): Promise<number> {
    const { stdout } = await run(`${folder}stack.sh`, ['status']).catch((error: { stdout: string }) => error);
    const pid = new RegExp(`^${server}: running, pid (\\d+)`, 'm').exec(stdout)?.[1];
    if (pid === undefined) throw new Error(`${server} of the local stack does not run: ${stdout}`);
    return Number(pid);
  }
}

const isRunning = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};
