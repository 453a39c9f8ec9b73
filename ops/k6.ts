/** Load over HTTP with k6, at a fixed rate of arrivals: npm run k6 -- history|post|mixed|soak
 *
 *    --rate 200          requests per second, all kinds together
 *    --duration 30s      soak: 30m
 *    --chats 100         and --messages 200 in each: made before the first run, found again by the later ones
 *    --url http://…      default: this machine's service, by HTTP_HOST and HTTP_PORT
 *    --out FILE          k6's figures as JSON; default k6-results/TEST.json
 *
 *  Reads the service's variables, for the key: KEY, KEY_FILE or DATA_DIR must be the service's. K6 names a k6 that is not on the
 *  PATH. The exit code is k6's: not 0 when a threshold is missed, and every iteration that could not start in time is a miss. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { loadConfig } from '../src/infrastructure/config/load-config.ts';
import { makeWorld } from './k6/world.ts';

const tests = ['history', 'post', 'mixed', 'soak'];

const run = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rate: { type: 'string', default: '200' },
      duration: { type: 'string' },
      chats: { type: 'string', default: '100' },
      messages: { type: 'string', default: '200' },
      url: { type: 'string' },
      out: { type: 'string' },
    },
  });
  const [test = ''] = positionals;
  if (!tests.includes(test)) throw new Error(`Name a test: npm run k6 -- ${tests.join('|')}`);
  const duration = values.duration ?? (test === 'soak' ? '30m' : '30s');
  if (!/^(\d+(ms|s|m|h))+$/.test(duration))
    throw new Error(`--duration takes a time such as 90s or 1h30m, not ${duration}.`);
  const config = loadConfig(process.env);
  const host = config.http.host === '0.0.0.0' ? '127.0.0.1' : config.http.host;
  const url = (values.url ?? `http://${host}:${config.http.port}`).replace(/\/$/, '');
  const out = resolve(values.out ?? join('k6-results', `${test}.json`));
  const rate = wholeNumber('--rate', values.rate);

  await findK6();
  const folder = mkdtempSync(join(tmpdir(), 'k6-'));
  try {
    const world = await makeWorld(config, {
      url,
      chats: wholeNumber('--chats', values.chats),
      messages: wholeNumber('--messages', values.messages),
    });
    const file = join(folder, 'world.json');
    writeFileSync(file, JSON.stringify(world), { mode: 0o600 });
    mkdirSync(dirname(out), { recursive: true });
    const settings = { WORLD: file, RATE: rate, DURATION: duration, OUT: out };
    const options = Object.entries(settings).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
    const quiet = process.stdout.isTTY ? [] : ['--quiet'];
    const script = new URL(`./k6/tests/${test}.ts`, import.meta.url).pathname;
    return await k6(['run', '--no-usage-report', ...quiet, ...options, script], 'inherit');
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const wholeNumber = (name: string, text: string): number => {
  if (!/^[1-9]\d{0,6}$/.test(text)) throw new Error(`${name} takes a whole number above 0, not ${text}.`);
  return Number(text);
};

const findK6 = async (): Promise<void> => {
  const found = await k6(['version'], 'ignore').catch(() => undefined);
  if (found === 0) return;
  throw new Error(
    `${process.env.K6 ?? 'k6'} cannot be run. Install k6 (https://grafana.com/docs/k6/latest/set-up/install-k6, or with Go 1.26: go install go.k6.io/k6@v1.8.1), or set K6 to its path.`,
  );
};

const k6 = async (args: readonly string[], stdio: 'inherit' | 'ignore'): Promise<number> => {
  const child = spawn(process.env.K6 || 'k6', args, { stdio });
  // k6 gets Ctrl-C itself, ends in order and prints what it has.
  process.on('SIGINT', () => {});
  const [code] = await once(child, 'exit');
  return (code as number | null) ?? 1;
};

run().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  },
);
