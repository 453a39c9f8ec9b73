import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { BenchResult } from './core/bench.ts';
import { pageOf } from './report/page.ts';
import { plot } from './report/plot.ts';

const results = new URL('./results/', import.meta.url);
const docs = new URL('../docs/', import.meta.url);

/** docs/benchmarks.md and its plots, from what the benchmarks have left in bench/results/. */
export const writeReport = async (): Promise<void> => {
  const files = readdirSync(results).filter((name) => name.endsWith('.json'));
  const found = files.map((name): BenchResult => JSON.parse(readFileSync(new URL(name, results), 'utf8')));
  if (found.length === 0)
    throw new Error('bench/results/ holds no results: run a benchmark with --json bench/results/NAME.json first');
  const plots = new Map<string, string>();
  mkdirSync(new URL('benchmarks/', docs), { recursive: true });
  for (const { name, curves } of found)
    for (const [index, curve] of curves.entries()) {
      const file = `benchmarks/${name}-${index + 1}.svg`;
      writeFileSync(new URL(file, docs), await plot(curve));
      plots.set(curve.title, file);
    }
  writeFileSync(new URL('benchmarks.md', docs), pageOf(found, plots));
  console.log(`docs/benchmarks.md: ${found.map(({ name }) => name).join(', ')}`);
};
