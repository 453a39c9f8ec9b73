import type { BenchResult, Table } from '../core/bench.ts';
import { cpuTable, figure, ratioTable } from '../core/print.ts';
import { meets, targetOf, wordsOf } from '../core/targets.ts';

/** docs/benchmarks.md. */
export const pageOf = (results: readonly BenchResult[], plots: ReadonlyMap<string, string>): string =>
  [
    '# Benchmarks',
    'Written by `npm run bench -- report` from the results in `bench/results/`; not to be edited. How they are measured, and how to measure them again:',
    '[bench/README.md](../bench/README.md). A ratio is the median of the rounds’ ratios, with the lowest and the highest; it says little about another machine’s',
    'absolute figures and much about where the time goes.',
    '',
    '## What has to be reached',
    verdicts(results),
    '## What was not reached',
    lost(results),
    ...results.map((result) => section(result, plots)),
  ].join('\n');

const verdicts = (results: readonly BenchResult[]): string => {
  const rows = results.flatMap(({ ratios }) =>
    Object.entries(ratios).flatMap(([key, { min, median, max, rounds }]) => {
      const target = targetOf(key);
      if (target === undefined) return [];
      return [
        [
          `\`${key}\``,
          target.says,
          wordsOf(target),
          target.goal === undefined ? '' : String(target.goal),
          `${figure(median)} (${figure(min)}–${figure(max)})`,
          rounds,
          meets(target, median) ? 'yes' : '**no**',
        ],
      ];
    }),
  );
  return markdown({
    title: '',
    columns: ['key', 'what', 'at least/most', 'goal', 'median (min–max)', 'rounds', 'reached'],
    rows,
  });
};

const lost = (results: readonly BenchResult[]): string => {
  const missed = results.flatMap(({ ratios }) =>
    Object.entries(ratios).flatMap(([key, { median }]) => {
      const target = targetOf(key);
      return target === undefined || meets(target, median)
        ? []
        : [`* \`${key}\`: ${figure(median)}, ${wordsOf(target)} wanted.`];
    }),
  );
  const refused = results.flatMap(({ refused }) =>
    Object.entries(refused).map(([key, why]) => `* \`${key}\`: no figure, ${why}.`),
  );
  const all = [...missed, ...refused];
  return `${all.length === 0 ? 'Nothing.' : all.join('\n')}\n`;
};

const section = (result: BenchResult, plots: ReadonlyMap<string, string>): string => {
  const { name, at, quick, machine, tables, curves, notes } = result;
  return [
    `## ${name}`,
    `${at.slice(0, 16).replace('T', ' ')} UTC. ${quick ? '**A quick run: its figures are worth nothing.** ' : ''}${machineWords(machine)}`,
    '',
    ...notes.map((note) => `${note}\n`),
    ...[...tables, cpuTable(result), ratioTable(result)].filter(({ rows }) => rows.length > 0).map(markdown),
    ...curves.flatMap(({ title }) => (plots.has(title) ? [`![${title}](${plots.get(title)})\n`] : [])),
  ].join('\n');
};

const machineWords = (machine: BenchResult['machine']): string =>
  `${Object.entries(machine)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')}.`;

const markdown = ({ title, columns, rows }: Table): string => {
  const line = (cells: readonly (string | number)[]) =>
    `| ${cells.map((cell) => (typeof cell === 'number' ? figure(cell) : cell)).join(' | ')} |`;
  const head = [line(columns), `|${columns.map((_, index) => (index === 0 ? ' --- ' : ' ---: ')).join('|')}|`];
  return `${title === '' ? '' : `**${title}**\n\n`}${[...head, ...rows.map(line)].join('\n')}\n`;
};
