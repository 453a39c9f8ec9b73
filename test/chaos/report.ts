import { writeFileSync } from 'node:fs';
import { maxMegabytes, type Result } from './play.ts';
import type { Recovery } from './scenario.ts';

const columns = [
  ['scenario', 42],
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

export const row = ({ name, messages, findings, recoveries, slowestMs, repeats, resent, peakMegabytes }: Result) => {
  const { lost, doubled, reordered, unexpected } = findings.counts;
  const recovery = recoveries.length === 0 ? '-' : seconds(Math.max(...recoveries.map(({ ms }) => ms)));
  const cells = [name, messages, lost, doubled, reordered, unexpected, recovery, seconds(slowestMs), repeats, resent];
  return line([...cells, Math.round(peakMegabytes)]);
};

/** What a row cannot say. */
export const details = ({ findings, problems, unannounced, recoveries }: Result): string[] => [
  ...[...Map.groupBy(recoveries, ({ since }) => since)].map(([since, of]) => recoveryLine(since, of)),
  ...(unannounced > 0 ? [`${unannounced} entries have no event, as events had no queue for a while`] : []),
  ...problems,
  ...findings.examples,
];

const recoveryLine = (since: string, recoveries: readonly Recovery[]): string => {
  const aimMs = recoveries[0]?.aimMs;
  const aim = aimMs === undefined ? '' : `, aim ${seconds(aimMs)} s`;
  const missed = recoveries.filter(({ ms }) => aimMs !== undefined && ms > aimMs).length;
  return `${since}: ${recoveries.map(({ ms }) => seconds(ms)).join(' ')} s${aim}${missed > 0 ? `, missed ${missed} times` : ''}`;
};

export const explanation = `recovery: until every chat is served again; the longest of the scenario, and below it every one, by what it is counted from
          (a hand-over gap is the longest time from a command's first publish to its event while shards change hands)
slowest:  the longest time from a command's first publish to its event; repeats: events that came again, the same bytes
resent:   commands that were published again for want of a confirm
peak:     the most memory (RSS) that one instance held; above ${maxMegabytes} MB the scenario has failed`;

/** In the form of vitest's JSON report, as far as .ci/count-tests.mjs reads it: a scenario is a test. */
export const writeReport = (file: string, outcomes: readonly { name: string; isGood: boolean }[]): void => {
  const numPassedTests = outcomes.filter(({ isGood }) => isGood).length;
  const numFailedTests = outcomes.length - numPassedTests;
  const scenarios = outcomes.map(({ name, isGood }) => ({ name, status: isGood ? 'passed' : 'failed' }));
  writeFileSync(file, JSON.stringify({ numPassedTests, numFailedTests, scenarios }));
};
