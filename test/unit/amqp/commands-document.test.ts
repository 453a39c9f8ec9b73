import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { commandForms } from '../../../src/interface-adapters/amqp/command-json.ts';
import { commandRows } from '../../e2e/commands.table.ts';

const document = readFileSync(new URL('../../../docs/commands.md', import.meta.url), 'utf8');

it('docs/commands.md has a row for every command, and no other', () => {
  const rows = [...document.matchAll(/^\| `([a-z_.]+)` \|/gm)].map((match) => match[1]);
  expect(rows.toSorted()).toEqual(Object.keys(commandForms).toSorted());
});

it('every command that users send is played end to end', () => {
  const others = ['chat.create', 'chat.trim', 'message.erase'];
  expect([...new Set(commandRows.map(({ command }) => command)), ...others].toSorted()).toEqual(
    Object.keys(commandForms).toSorted(),
  );
});
