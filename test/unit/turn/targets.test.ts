import { describe, expect, it } from 'vitest';
import type { ChatStore } from '../../../src/application/ports/chat-store.ts';
import { noRateLimits } from '../../../src/application/turn/rate-limit.ts';
import { residentChat } from '../../../src/application/turn/resident-chat.ts';
import { loadTargets } from '../../../src/application/turn/targets.ts';
import type { Entry } from '../../../src/domain/chat/entry.ts';
import type { Target } from '../../../src/domain/chat/message-state.ts';
import { chatId, clientMessageId, seq, shardNumber, userId } from '../../../src/domain/ids.ts';
import { keyHash } from '../../../src/interface-adapters/amqp/command-identity.ts';
import { ChatWriter, numbering } from '../../support/decisions.ts';

const id = chatId('c');
const bob = userId('2');

/** What the chat's writer knows of the message, when the store answers with `read` and these entries are on their way. */
const known = async (read: Target, entries: readonly Entry[]): Promise<Target | undefined> => {
  const store: Pick<ChatStore, 'target'> = { target: async () => read };
  const chat = residentChat(id, undefined, keyHash, noRateLimits);
  const command = {
    type: 'reaction.add',
    chatId: id,
    senderId: bob,
    clientMessageId: clientMessageId('r'),
    fingerprint: 'f',
    sentAt: undefined,
    seq: seq(1),
    emoji: '🎉',
  } as const;
  return (await loadTargets(chat, command, entries, store)).get(seq(1));
};

describe('what a message is, while an entry about it becomes readable', () => {
  /** A store of several tables shows one of them before the other. */
  const halves = () => {
    const writer = new ChatWriter(id, numbering({ shard: shardNumber(0), epoch: 1 }));
    writer.create();
    writer.post();
    const before = writer.target(1, '2')!;
    writer.react(1, '👍', { sender: '2' });
    const after = writer.target(1, '2')!;
    return { before, after, entries: writer.entries.slice(-1) };
  };

  it.each([
    ['the message is there, the list of its sender not yet', 'after', 'before'],
    ['the list of its sender is there, the message not yet', 'before', 'after'],
    ['neither is there', 'before', 'before'],
    ['both are there', 'after', 'after'],
  ] as const)('knows a reaction on its way: %s', async (_, message, own) => {
    const cases = halves();
    const read = { ...cases.before, message: cases[message].message, own: cases[own].own };
    const target = await known(read, cases.entries);
    expect(target).toEqual(cases.after);
    expect(target).toMatchObject({ own: ['👍'], message: { reactions: { '👍': 1 } } });
  });
});
