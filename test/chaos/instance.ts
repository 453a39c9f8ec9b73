import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultProxy } from './fault-proxy.ts';
import type { Boundary } from './kill-boundaries.ts';

const root = new URL('../../', import.meta.url).pathname;

export type InstanceOptions = {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  readonly rabbitmq: FaultProxy;
  readonly cassandra: FaultProxy;
};

/** One instance of the service: a process behind proxies of its own, which keeps its name and its port over restarts. */
export class Instance {
  readonly name: string;
  readonly url: string;
  readonly rabbitmq: FaultProxy;
  readonly cassandra: FaultProxy;
  /** What it did that nobody asked for. */
  readonly misdeeds: string[] = [];
  peakMegabytes = 0;
  /** When its process was started last. */
  startedAtMs = 0;
  readonly #options: InstanceOptions;
  #child: ChildProcess | undefined;
  #isEndWanted = false;

  constructor(options: InstanceOptions) {
    this.name = options.name;
    this.url = `http://127.0.0.1:${options.env.HTTP_PORT}`;
    this.rabbitmq = options.rabbitmq;
    this.cassandra = options.cassandra;
    this.#options = options;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  /** Starts it, and does not wait until it is ready. */
  start(added: Readonly<Record<string, string>> = {}): void {
    if (this.#child !== undefined) return;
    const { PATH = '', HOME = '' } = process.env;
    const log = openSync(this.#options.logFile, 'a');
    const child = spawn(process.execPath, ['src/main.ts'], {
      cwd: root,
      env: { PATH, HOME, METRICS_PORT: '0', ...this.#options.env, ...added },
      stdio: ['ignore', log, log],
    });
    closeSync(log);
    this.startedAtMs = performance.now();
    this.#child = child;
    this.#isEndWanted = false;
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      if (!this.#isEndWanted) this.misdeeds.push(`${this.name} ended by itself (${signal ?? `exit code ${code}`})`);
      else if (signal === null && code !== 0)
        this.misdeeds.push(`${this.name} stopped on a signal with exit code ${code}`);
    });
  }

  /** Starts it with a preload under which it kills itself when it comes to the boundary for the `count`th time. */
  startDoomed(boundary: Boundary, count: number): void {
    const preload = new URL('kill-at.ts', import.meta.url).href;
    this.start({ NODE_OPTIONS: `--import ${preload}`, KILL_AT: boundary.name, KILL_COUNT: String(count) });
  }

  /** Whether it kills itself within the time, as it was started to. */
  async killsItself(withinMs: number): Promise<boolean> {
    const child = this.#child;
    if (child === undefined) return false;
    this.#isEndWanted = true;
    if (await Promise.race([once(child, 'exit'), sleep(withinMs)])) return child.signalCode === 'SIGKILL';
    this.#isEndWanted = false;
    return false;
  }

  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** Asks it to stop, and waits until it has; resolves with the signal that ended it, if one did. */
  terminate(): Promise<NodeJS.Signals | null> {
    return this.#end('SIGTERM');
  }

  /** Tells, whenever it is called, whether the text has been logged since now. */
  willLog(text: string): () => boolean {
    const from = statSync(this.#options.logFile).size;
    return () => readFileSync(this.#options.logFile).subarray(from).includes(text);
  }

  /** Freezes it, until `resume`. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  async isReady(): Promise<boolean> {
    if (this.#child === undefined) return false;
    const answer = await fetch(`${this.url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    await answer?.body?.cancel();
    return answer?.status === 200;
  }

  /** Asked ten times a second: an answer costs it a round to every server. */
  async ready(withinMs = 60_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    while (!(await this.isReady())) {
      if (performance.now() > deadline) throw new Error(`${this.name} is not ready after ${withinMs / 1_000} s`);
      await sleep(100);
    }
  }

  /** Reads how much memory it holds; the peak is kept. */
  sample(): void {
    const pid = this.#child?.pid;
    if (pid === undefined) return;
    try {
      const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
      this.peakMegabytes = Math.max(this.peakMegabytes, Number(kilobytes ?? 0) / 1024);
    } catch {
      // Not a Linux, or it has just ended.
    }
  }

  async #end(signal: NodeJS.Signals): Promise<NodeJS.Signals | null> {
    const child = this.#child;
    if (child === undefined) return null;
    this.#isEndWanted = true;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    return child.signalCode;
  }
}
