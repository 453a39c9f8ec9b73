import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { BenchContext } from './bench.ts';

const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
/** Those of `npm start`, for whoever takes part. */
const startOptions: readonly string[] = scripts.start.split(' ').filter((word: string) => word.startsWith('--'));

/** A process that takes part in a benchmark, in an environment of nothing but what is given. */
export class Child {
  readonly pid: number;
  readonly #process: ChildProcess;
  #output = '';

  constructor(context: BenchContext, script: string, env: Record<string, string>, nodeOptions: readonly string[] = []) {
    const { PATH = '', HOME = '' } = process.env;
    this.#process = fork(new URL(`../../${script}`, import.meta.url), {
      env: { PATH, HOME, ...env },
      execArgv: [...startOptions, ...nodeOptions],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.pid = this.#process.pid!;
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      stream.on('data', (chunk: Buffer) => {
        this.#output = (this.#output + chunk).slice(-20_000);
      });
    context.onEnd(() => this.stop());
  }

  get ended(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }

  /** What it printed last. */
  get output(): string {
    return this.#output;
  }

  /** The first message it sends. */
  async said(): Promise<unknown> {
    const over = new AbortController();
    const ended = once(this.#process, 'exit', over).then(() => {
      throw new Error(`a process of the benchmark ended:\n${this.#output}`);
    });
    try {
      return await Promise.race([once(this.#process, 'message', over), ended]).then(([message]) => message);
    } finally {
      ended.catch(() => {});
      over.abort();
    }
  }

  tell(message: object): void {
    this.#process.send(message);
  }

  pause(): void {
    this.#process.kill('SIGSTOP');
  }
  goOn(): void {
    this.#process.kill('SIGCONT');
  }

  async stop(): Promise<void> {
    if (this.ended) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGCONT');
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 15_000);
    await exit;
    clearTimeout(timer);
  }
}
