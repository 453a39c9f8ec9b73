import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { userId } from '../../src/domain/ids.ts';
import { issueToken } from '../../src/infrastructure/http/issue-token.ts';
import { until } from './until.ts';

export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  return port;
};

// biome-ignore lint/suspicious/noExplicitAny: whatever the service answers; each test says what it expects of it
export type Reply = { readonly status: number; readonly headers: Headers; readonly json: any };

/** The service as a process of its own, with a port and a data folder of its own. The rest of its environment is the test's. */
export class ServiceProcess {
  readonly env: Record<string, string>;
  readonly #key = 'a key for tests, long enough for anybody';
  #child: ChildProcess | undefined;
  output = '';

  private constructor(env: Record<string, string>) {
    this.env = { KEY: this.#key, LOG_LEVEL: 'warn', METRICS_PORT: '0', ...env };
  }

  static async at(env: Record<string, string> = {}): Promise<ServiceProcess> {
    const dataDir = mkdtempSync(join(tmpdir(), 'chat-messaging-'));
    return new ServiceProcess({ HTTP_PORT: String(await freePort()), DATA_DIR: dataDir, ...env });
  }

  get url(): string {
    return `http://127.0.0.1:${this.env.HTTP_PORT}`;
  }

  /** Starts it, and does not wait. Nothing of this process's own environment reaches it but PATH and HOME. */
  spawn(): ChildProcess {
    this.output = '';
    const { PATH = '', HOME = '' } = process.env;
    this.#child = spawn(process.execPath, ['src/main.ts'], { env: { PATH, HOME, ...this.env } });
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on('data', (chunk: Buffer) => {
        this.output += chunk;
      });
    }
    return this.#child;
  }

  async start(): Promise<void> {
    const child = this.spawn();
    await until(
      `the service is ready; it printed:\n${this.output}`,
      async () => {
        if (child.exitCode !== null) throw new Error(`the service ended with ${child.exitCode}:\n${this.output}`);
        return (await this.readiness())?.status === 200;
      },
      60_000,
    );
  }

  readiness(): Promise<Reply | undefined> {
    return this.#fetch('/readyz', {}).catch(() => undefined);
  }

  /** Ends it, and resolves with its exit code (null when a signal killed it). */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const exit = once(child, 'exit');
    child.kill(signal);
    await exit;
    return child.exitCode;
  }

  /** How a start that cannot succeed ends. */
  async refusal(): Promise<{ code: number | null; output: string }> {
    const child = this.spawn();
    await once(child, 'close');
    return { code: child.exitCode, output: this.output };
  }

  async ask(
    user: number | string,
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body?: object,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<Reply> {
    const token = await issueToken(this.#key, userId(String(user)), 60);
    return this.#fetch(path, {
      method,
      headers: { ...headers, authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
  }

  async #fetch(path: string, init: RequestInit): Promise<Reply> {
    const response = await fetch(`${this.url}${path}`, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, json: text === '' ? undefined : JSON.parse(text) };
  }

  async dispose(): Promise<void> {
    await this.stop('SIGKILL');
    rmSync(this.env.DATA_DIR!, { recursive: true, force: true });
  }
}
