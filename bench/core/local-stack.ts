import { execFile } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { cpuMicros, pidOfPort } from '../process-cpu.ts';

const run = promisify(execFile);
const script = new URL('../../ops/local-stack/stack.sh', import.meta.url).pathname;
const control = new URL('../../ops/local-stack/rabbitmqctl.sh', import.meta.url).pathname;

/** RabbitMQ and Cassandra of this machine. */
export type LocalStack = {
  /** A virtual host of its own on the broker: its URL. Gone at the end. */
  newVhost(): Promise<string>;
  readonly cassandra: { readonly contactPoints: readonly string[]; readonly localDataCenter: string };
  readonly pids: { readonly broker: number; readonly store: number };
};

/** Starts the stack unless it runs; one that was started here is stopped at the end. */
export const openLocalStack = async (onEnd: (cleanUp: () => Promise<void>) => void): Promise<LocalStack> => {
  const ran = await run(script, ['status']).then(
    () => true,
    () => false,
  );
  if (!ran) {
    onEnd(async () => void (await run(script, ['down'])));
    await run(script, ['up']);
  }
  const { stdout } = await run(script, ['env']);
  const env = Object.fromEntries(
    [...stdout.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value!]),
  );
  const url = new URL(env.RABBITMQ_URL!);
  const contactPoints = env.CASSANDRA_CONTACT_POINTS!.split(',');
  for (const host of [url.hostname, contactPoints[0]!.split(':')[0]])
    if (host !== '127.0.0.1') throw new Error(`benchmarks run on this machine only, not on ${host}`);
  let vhosts = 0;
  const newVhost = async () => {
    const name = `bench-${process.pid}-${++vhosts}`;
    await run(control, ['add_vhost', name]);
    onEnd(async () => void (await run(control, ['delete_vhost', name])));
    await run(control, ['set_permissions', '-p', name, 'guest', '.*', '.*', '.*']);
    return `${url.protocol}//guest:guest@${url.host}/${name}`;
  };
  const storePort = Number(contactPoints[0]!.split(':')[1]);
  return {
    newVhost,
    cassandra: { contactPoints, localDataCenter: env.CASSANDRA_LOCAL_DATACENTER ?? 'datacenter1' },
    pids: { broker: pidThatListens(Number(url.port)), store: pidThatListens(storePort) },
  };
};

const pidThatListens = (port: number): number => {
  const pid = pidOfPort(port);
  if (pid === undefined) throw new Error(`nothing of this user listens on 127.0.0.1:${port}`);
  return pid;
};

/** Until a server has done what it does after a load by itself (compaction, collections): below 10 % of a core for two seconds. */
export const untilQuiet = async (pid: number, patienceMs = 180_000): Promise<void> => {
  const deadline = performance.now() + patienceMs;
  for (let calm = 0; calm < 4; ) {
    if (performance.now() > deadline)
      throw new Error(`process ${pid} did not come to rest within ${patienceMs / 1000} s`);
    const before = cpuMicros(pid);
    await sleep(500);
    calm = cpuMicros(pid) - before < 50_000 ? calm + 1 : 0;
  }
};
