import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from './service-process.ts';
import { until } from './until.ts';

export type Series = {
  readonly metric: Readonly<Record<string, string>>;
  readonly values: readonly [number, string][];
};

type Answer =
  | { readonly status: 'success'; readonly data: { readonly result: readonly Series[] } }
  | { readonly status: 'error'; readonly error: string };

/** A Prometheus of the test's own, on 127.0.0.1, that scrapes `targets` (host:port by instance) every second as job `messaging`. */
export class Prometheus {
  readonly url: string;
  readonly #dir: string;
  readonly #child: ChildProcess;

  private constructor(url: string, dir: string, child: ChildProcess) {
    this.url = url;
    this.#dir = dir;
    this.#child = child;
  }

  static async start(targets: Readonly<Record<string, string>>): Promise<Prometheus> {
    execFileSync(fileURLToPath(new URL('../../ops/local-stack/need-prometheus.sh', import.meta.url)));
    const dir = mkdtempSync(join(tmpdir(), 'prometheus-'));
    const port = await freePort();
    const scrape = {
      job_name: 'messaging',
      static_configs: Object.entries(targets).map(([instance, target]) => ({
        targets: [target],
        labels: { instance },
      })),
    };
    // YAML reads JSON.
    const config = JSON.stringify({
      global: { scrape_interval: '1s', evaluation_interval: '1s' },
      rule_files: [fileURLToPath(new URL('../../ops/prometheus/alerts.yml', import.meta.url))],
      scrape_configs: [scrape],
    });
    writeFileSync(join(dir, 'prometheus.yml'), config);
    const child = spawn(
      'prometheus',
      [
        `--config.file=${dir}/prometheus.yml`,
        `--storage.tsdb.path=${dir}/data`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=error',
      ],
      { stdio: 'inherit' },
    );
    const started = new Prometheus(`http://127.0.0.1:${port}`, dir, child);
    await until('Prometheus is ready', () =>
      fetch(`${started.url}/-/ready`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
    return started;
  }

  /** The series of one expression over the last `seconds`, a value each `step` of them; throws Prometheus's own words when it is no
   *  expression. */
  async range(expression: string, seconds: number, step = 1): Promise<readonly Series[]> {
    const end = Date.now() / 1000;
    const query = new URLSearchParams({
      query: expression,
      start: String(end - seconds),
      end: String(end),
      step: String(step),
    });
    const response = await fetch(`${this.url}/api/v1/query_range?${query}`);
    const answer = (await response.json()) as Answer;
    if (answer.status !== 'success') throw new Error(`${expression}: ${answer.error}`);
    return answer.data.result;
  }

  async stop(): Promise<void> {
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGTERM');
    await gone;
    rmSync(this.#dir, { recursive: true, force: true });
  }
}

/** Of what a panel would draw: series with a number in them, and how many numbers. */
export const drawn = (series: readonly Series[]): { series: number; numbers: number } => {
  const counts = series.map(({ values }) => values.filter(([, value]) => Number.isFinite(Number(value))).length);
  return { series: counts.filter((count) => count > 0).length, numbers: counts.reduce((sum, count) => sum + count, 0) };
};

/** A panel's expression as Grafana would send it, over all instances. */
export const asSent = (expression: string): string =>
  expression.replaceAll('$__rate_interval', '15s').replaceAll('$instance', '.*');
