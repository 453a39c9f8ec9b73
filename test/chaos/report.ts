import type { Result } from './play.ts';

const columns = [
  ['scenario', 38],
  ['messages', 9],
  ['lost', 6],
  ['doubled', 8],
  ['reordered', 10],
  ['unexpected', 11],
  ['recovery s', 11],
  ['slowest s', 10],
  ['repeats', 8],
  ['resent', 7],
  ['peak MB', 8],
] as const;

const line = (cells: readonly (string | number)[]): string =>
  cells
    .map((cell, n) => (n === 0 ? String(cell).padEnd(columns[n]![1]) : String(cell).padStart(columns[n]![1])))
    .join('');

export const header = (): string => line(columns.map(([name]) => name));

const seconds = (ms: number): string => (ms / 1_000).toFixed(1);

export const row = ({ name, messages, findings, recoveriesMs, slowestMs, repeats, resent, peakMegabytes }: Result) => {
  const { lost, doubled, reordered, unexpected } = findings.counts;
  const recovery = recoveriesMs.length === 0 ? '-' : seconds(Math.max(...recoveriesMs));
  const cells = [name, messages, lost, doubled, reordered, unexpected, recovery, seconds(slowestMs), repeats, resent];
  return line([...cells, Math.round(peakMegabytes)]);
};

/** What a row cannot say. */
export const details = ({ findings, problems, unannounced, recoveriesMs }: Result): string[] => [
  ...(recoveriesMs.length > 1 ? [`recoveries: ${recoveriesMs.map(seconds).join(' ')} s`] : []),
  ...(unannounced > 0 ? [`${unannounced} entries have no event, as events had no queue for a while`] : []),
  ...problems,
  ...findings.examples,
];

export const explanation = `recovery: from the fault, or from its end when nothing can be served before, until every chat is served again; the longest of the scenario
slowest:  the longest time from a command's first publish to its event; repeats: events that came again, the same bytes
resent:   commands that were published again for want of a confirm; peak: the most memory that one instance held`;
