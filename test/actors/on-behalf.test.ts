import { afterEach, expect, it } from 'vitest';
import type { AccessDecision, AccessRequest } from '../../src/domain/access/access-request.ts';
import type { Command } from '../../src/domain/chat/command.ts';
import { systemSender } from '../../src/domain/chat/system-sender.ts';
import { shardNumber } from '../../src/domain/ids.ts';
import { create, post } from '../support/commands.ts';
import { startTestCell } from '../support/test-cell.ts';
import { until } from '../support/until.ts';

const shard = shardNumber(0);
let running: ReturnType<typeof startTestCell> | undefined;
afterEach(() => running?.close());

const bySystem = (command: Command): Command => ({
  ...command,
  actedBy: systemSender,
  fingerprint: `${command.fingerprint}-by-system`,
});

it('keeps who acted for a sender with the entry, with a refusal, and where nobody was asked; the policy is asked about the sender', async () => {
  const asked: AccessRequest[] = [];
  let refuses = false;
  const permits = { effect: 'permit', basis: { policy: 'p', rules: ['r'] } } as const;
  const denies = { effect: 'deny', code: 'FORBIDDEN', reason: 'No.', basis: { policy: 'p', rules: ['no'] } } as const;
  const decide = async (requests: readonly AccessRequest[]): Promise<AccessDecision[]> => {
    asked.push(...requests);
    return requests.map(({ facts }) => (facts.on_behalf && refuses ? denies : permits));
  };
  running = startTestCell({ policy: { decide } });
  const { broker, memory } = running;
  broker.put(shard, create('c'));
  await until('the chat is there', () => broker.published.length === 1);
  broker.put(shard, bySystem(post('c', 'a', { sender: '2' })), post('c', 'b', { sender: '2' }));
  await until('both are there', () => broker.published.length === 3);
  broker.put(shard, bySystem(post('c', 'a', { sender: '2', body: 'another' })));
  await until('the reuse is refused', () => broker.published.length === 4);
  refuses = true;
  broker.put(shard, post('c', 'd', { sender: '2' }), bySystem(post('c', 'e', { sender: '2' })));
  await until('all is announced', () => broker.published.length === 6);
  expect(broker.published.map(({ answer }) => [answer.clientMessageId, answer.senderId, answer.receipt])).toEqual([
    ['create', '1', { policy: 'p', rules: ['r'], rosterRev: 0 }],
    ['a', '2', { policy: 'p', rules: ['r'], rosterRev: 1, actedBy: 'system' }],
    ['b', '2', { policy: 'p', rules: ['r'], rosterRev: 1 }],
    ['a', '2', { policy: '', rules: [], rosterRev: 1, actedBy: 'system' }],
    ['d', '2', { policy: 'p', rules: ['r'], rosterRev: 1 }],
    ['e', '2', { policy: 'p', rules: ['no'], rosterRev: 1, actedBy: 'system' }],
  ]);
  expect(asked[1]?.facts).toMatchObject({ on_behalf: true, is_system: false, is_member: true, role: 'member' });
  expect(asked[2]?.facts).toMatchObject({ on_behalf: false });
  expect((await memory.reader.chat(post('c', 'x').chatId))?.lastSeq).toBe(3);
});
