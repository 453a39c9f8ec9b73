import fc from 'fast-check';
import { afterEach, expect, it } from 'vitest';
import { startActorSystem } from '../../actors/kit/actor-system.ts';
import { spawnPolicyActor } from '../../actors/policy/policy.actor.ts';
import type { Command } from '../../src/domain/chat/command.ts';
import { systemSender } from '../../src/domain/chat/system-sender.ts';
import { chatId, clientMessageId, rev, seq, shardNumber, userId } from '../../src/domain/ids.ts';
import { CedarPolicyEngine } from '../../src/infrastructure/cedar/cedar-policy-engine.ts';
import type { Identity } from '../../src/interface-adapters/amqp/command-form.ts';
import * as make from '../../src/interface-adapters/amqp/command-json.ts';
import { create, post } from '../support/commands.ts';
import { quietLogger, realClock, startTestCell } from '../support/test-cell.ts';
import { until } from '../support/until.ts';
import { commandsByType } from '../unit/amqp/any-command.ts';
import { shippedPolicies } from '../unit/cedar/policy-folder.ts';

const shard = shardNumber(0);
const ending: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ending.splice(0)) await end();
});

/** A chat of users 1 and 2 with two messages, the shipped policies, and commands as they lie on the wire. */
const start = async () => {
  const system = startActorSystem();
  ending.push(() => system.stop());
  const engine = CedarPolicyEngine.load(shippedPolicies);
  const cell = startTestCell({
    policy: spawnPolicyActor(system, engine, { clock: realClock, logger: quietLogger }),
  });
  ending.unshift(cell.close);
  const { broker, memory } = cell;
  broker.put(shard, create('theirs'), post('theirs', 'm-1'), post('theirs', 'm-2', { sender: '2' }));
  await until('the chat is there', () => broker.published.length === 3);
  const reasons = new Set<string>();
  const answerTo = async (command: Command) => {
    const decoded = make.decodeCommands(make.encodeCommand(command));
    if (!decoded.ok) throw new Error(decoded.reason);
    const before = broker.published.length;
    broker.put(shard, ...decoded.commands);
    await until(`${command.type} is answered`, () => broker.published.length > before);
    const { answer } = broker.published.at(-1)!;
    if ('reason' in answer) reasons.add(answer.reason);
    return 'code' in answer ? answer.code : answer.type;
  };
  const stored = async () => {
    const view = await memory.reader.chat(chatId('theirs'));
    return [view?.rev, view?.lastSeq, view?.members.map(({ userId: id, role }) => `${id} ${role}`)];
  };
  return { answerTo, stored, reasons };
};

const types = Object.keys(commandsByType) as Command['type'][];
let used = 0;
const sentTo = (chat: string, sender: string, command: Command): Command => {
  const { fingerprint: _, actedBy: __, ...content } = command;
  return {
    ...content,
    chatId: chatId(chat),
    senderId: userId(sender),
    clientMessageId: clientMessageId(`x-${++used}`),
    sentAt: undefined,
  } as Command;
};

const identity = (sender: string): Identity => ({
  chatId: chatId('theirs'),
  senderId: userId(sender),
  clientMessageId: clientMessageId(`x-${++used}`),
});

it.each(types)('a stranger’s %s changes nothing in a chat of others, whatever it says', async (type) => {
  const { answerTo, stored, reasons } = await start();
  const before = await stored();
  await fc.assert(
    fc.asyncProperty(commandsByType[type], async (command) => {
      const code = await answerTo(sentTo('theirs', '9', command));
      expect(code).toBe(type === 'chat.create' ? 'FORBIDDEN' : 'NOT_A_MEMBER');
      if (type !== 'chat.create') expect(await answerTo(sentTo('nowhere', '9', command))).toBe('CHAT_NOT_FOUND');
    }),
    { numRuns: 10 },
  );
  // One sentence for the chat that is there, one for the chat that is not: none has anything of the chat.
  expect(reasons.size).toBe(type === 'chat.create' ? 1 : 2);
  expect(await stored()).toEqual(before);
});

it('a stranger is no member when the service acts for them', async () => {
  const { answerTo, stored } = await start();
  const before = await stored();
  for (const type of types) {
    const [command] = fc.sample(commandsByType[type], 1);
    const code = await answerTo({ ...sentTo('theirs', '9', command!), actedBy: systemSender });
    expect(code, type).toBe(type === 'chat.create' ? 'FORBIDDEN' : 'NOT_A_MEMBER');
  }
  expect(await stored()).toEqual(before);
});

it('where a chat can be cut is told to the service only', async () => {
  const { answerTo, reasons } = await start();
  const trim = (sender: string) =>
    sentTo(
      'theirs',
      sender,
      make.trimChatCommand(identity(sender), { bucket: 51, firstSeq: seq(2), firstRev: rev(3) }),
    );
  expect(await answerTo(trim('2'))).toBe('POLICY_DENIED');
  expect([...reasons].join()).not.toContain('bucket');
  expect(await answerTo(trim('system'))).toBe('VALIDATION_FAILED');
  expect([...reasons].join()).toContain('The newest bucket of the chat is 0');
});

it('a member cannot do what only others may: the service’s work, roles, other people’s texts', async () => {
  const { answerTo, stored } = await start();
  const before = await stored();
  const by = () => identity('2');
  const own = userId('2');
  const other = userId('1');
  const tried: Command[] = [
    make.trimChatCommand(by(), { bucket: 1, firstSeq: seq(2), firstRev: rev(3) }),
    make.eraseMessagesCommand(by(), { userId: other, seqs: [seq(1)] }),
    make.updateChatCommand(by(), { title: 'mine' }),
    make.updateChatCommand(by(), { retentionDays: 1 }),
    make.addMemberCommand(by(), { userId: userId('3'), role: 'member' }),
    make.removeMemberCommand(by(), { userId: other }),
    make.setRoleCommand(by(), { userId: own, role: 'owner' }),
    make.muteMemberCommand(by(), { userId: other, until: null }),
    make.editMessageCommand(by(), { seq: seq(1), body: 'mine', ifVersion: undefined }),
    make.deleteMessageCommand(by(), { seq: seq(1), scope: 'everyone' }),
  ];
  for (const command of tried) expect(await answerTo(command), command.type).toBe('POLICY_DENIED');
  const all = { replyTo: null, mentions: [], mentionsAll: true, attachments: [] };
  expect(await answerTo(make.postMessageCommand(by(), { body: 'all!', extras: all }))).toBe('POLICY_DENIED');
  expect(await stored()).toEqual(before);
});
