import type { BenchResult, Table } from './bench.ts';
import { meets, targetOf, wordsOf } from './targets.ts';

/** The result as text for a terminal. */
export const printResult = (result: BenchResult): string =>
  [
    ...result.tables.map(printTable),
    printTable(cpuTable(result)),
    printTable(ratioTable(result)),
    ...Object.entries(result.refused).map(([key, why]) => `${key}: not shown, ${why}`),
    ...result.notes,
    ...(result.quick ? ['A quick run: for trying out, not for figures.'] : []),
  ]
    .filter((part) => part !== '')
    .join('\n\n');

export const ratioTable = ({ ratios }: BenchResult): Table => ({
  title: 'Ratios: median (min–max) over rounds',
  columns: ['key', 'median', 'min', 'max', 'rounds', 'target', ''],
  rows: Object.entries(ratios).map(([key, { min, median, max, rounds }]) => {
    const target = targetOf(key);
    const verdict = target === undefined ? '' : meets(target, median) ? 'met' : 'MISSED';
    return [
      key,
      figure(median),
      figure(min),
      figure(max),
      rounds,
      target === undefined ? '' : wordsOf(target),
      verdict,
    ];
  }),
});

export const cpuTable = ({ cpuMicrosPerMessage }: BenchResult): Table => {
  const processes = [...new Set(Object.values(cpuMicrosPerMessage).flatMap(Object.keys))];
  return {
    title: 'CPU µs per message or page, by process',
    columns: ['', ...processes],
    rows: Object.entries(cpuMicrosPerMessage).map(([name, cpu]) => [
      name,
      ...processes.map((process) => (cpu[process] === undefined ? '' : figure(cpu[process]))),
    ]),
  };
};

/** Three digits that count. */
export const figure = (value: number): string =>
  Math.abs(value) >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

const printTable = ({ title, columns, rows }: Table): string => {
  if (rows.length === 0) return '';
  const cells = [columns, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? figure(cell) : cell)))];
  const widths = columns.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  '),
  );
  return [title, ...lines].join('\n');
};
