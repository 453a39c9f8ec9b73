import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { benchFolder } from '../stores/sqlite-loader.ts';
import type { BenchContext } from './bench.ts';
import { Child } from './child.ts';

export const key = 'a key for benchmarks, long enough for anybody';

export type Service = { readonly child: Child; readonly url: string; readonly startMs: number };

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
};

/** The service as it is run: a process of its own, ready. Settings that are left out are its own defaults. With BENCH_CPU_PROF it leaves
 *  a profile in that folder when it ends. */
export const startService = async (
  context: BenchContext,
  env: Record<string, string>,
  script = 'src/main.ts',
): Promise<Service> => {
  const port = await freePort();
  const startedMs = performance.now();
  const { BENCH_CPU_PROF: profiles } = process.env;
  const options = profiles === undefined ? [] : ['--cpu-prof', `--cpu-prof-dir=${profiles}`];
  const settings = {
    KEY: key,
    LOG_LEVEL: 'warn',
    // One address and a handful of users send everything here.
    HTTP_REQUESTS_PER_USER: '0',
    HTTP_REQUESTS_PER_ADDRESS: '0',
    INSTANCE_ID: `bench-${port}`,
    HTTP_PORT: String(port),
    METRICS_PORT: String(await freePort()),
    DATA_DIR: env.DATA_DIR ?? benchFolder(context),
    ...env,
  };
  const child = new Child(context, script, settings, options);
  const url = `http://127.0.0.1:${port}`;
  for (const deadline = startedMs + 60_000; ; await sleep(20)) {
    if (child.ended) throw new Error(`the service ended:\n${child.output}`);
    if (performance.now() > deadline)
      throw new Error(`the service did not get ready within a minute:\n${child.output}`);
    const ready = await fetch(`${url}/readyz`).catch(() => undefined);
    if (ready?.status === 200) return { child, url, startMs: performance.now() - startedMs };
  }
};
