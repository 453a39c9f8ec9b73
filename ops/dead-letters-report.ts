/** What `npm run dead-letters` prints. In lists never a message's text: it is nobody's but its chat's. */
import type { DeadLetter } from '../src/infrastructure/amqp/dead-letter.ts';

/** Producers choose most of it, and a terminal obeys control characters. */
const shown = (value: string): string => value.replace(/\p{C}/gu, '?');

const columns = ['id', 'when', 'source queue', 'reason', 'attempts', 'type', 'chat', 'sender', 'client id', 'bytes'];
const widestReason = 60;

export type Row = readonly string[];

export const rowOf = ({ id, at, sourceQueue, reason, attempts, decoded, message }: DeadLetter): Row => {
  const commands = decoded.ok ? decoded.commands : [];
  const [command] = commands;
  const why = reason.length > widestReason ? `${reason.slice(0, widestReason - 1)}…` : reason;
  return [
    id,
    at ?? '-',
    sourceQueue ?? '-',
    why,
    String(attempts ?? '-'),
    commands.length > 1 ? `batch of ${commands.length}` : (command?.type ?? 'unreadable'),
    command?.chatId ?? '-',
    command?.senderId ?? '-',
    command?.clientMessageId ?? '-',
    String(message.content.length),
  ].map(shown);
};

export const table = (rows: readonly Row[]): string => {
  const all: readonly Row[] = [columns, ...rows];
  const widths = columns.map((_, column) => Math.max(...all.map((row) => row[column]!.length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
};

const mostBody = 4_096;

/** Everything there is about one letter, its text too. */
export const details = (letter: DeadLetter): string => {
  const { id, at, sourceQueue, reason, attempts, decoded, message } = letter;
  const { headers, ...properties } = message.properties;
  const body = message.content.subarray(0, mostBody).toString('utf8');
  const cut = message.content.length > mostBody ? ` (the first ${mostBody} of ${message.content.length} bytes)` : '';
  const lines: [string, string][] = [
    ['id', id],
    ['when', at ?? 'not written down'],
    ['source queue', sourceQueue ?? 'not written down'],
    ['reason', reason],
    ['attempts', String(attempts ?? 'not counted')],
    ['properties', JSON.stringify(properties)],
    ['headers', JSON.stringify(headers ?? {})],
    decoded.ok
      ? ['command', decoded.commands.map((one) => JSON.stringify(one)).join(' ')]
      : ['unreadable', decoded.reason],
    [`body${cut}`, JSON.stringify(body)],
  ];
  return lines.map(([name, value]) => `${name}: ${shown(value)}`).join('\n');
};
