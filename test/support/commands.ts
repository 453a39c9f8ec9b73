import type { Command } from '../../src/domain/chat/command.ts';
import { chatId, clientMessageId, userId } from '../../src/domain/ids.ts';
import { createChatCommand, postMessageCommand } from '../../src/interface-adapters/amqp/command-json.ts';
import type { Wish } from './decisions.ts';

/** Commands of users '1' (the creator) and '2', briefly. */
export const create = (chat: string, client = 'create'): Command =>
  createChatCommand(
    { chatId: chatId(chat), senderId: userId('1'), clientMessageId: clientMessageId(client) },
    { kind: 'group', memberIds: [userId('2')] },
  );

export const post = (
  chat: string,
  client: string,
  { body = `text of ${client}`, sender = '1', seedForm = false } = {},
): Command =>
  postMessageCommand(
    { chatId: chatId(chat), senderId: userId(sender), clientMessageId: clientMessageId(client) },
    { body, seedForm },
  );

/** Any other command. */
export const command = (chat: string, client: string, wish: Wish, { sender = '1' } = {}): Command => ({
  ...wish,
  chatId: chatId(chat),
  senderId: userId(sender),
  clientMessageId: clientMessageId(client),
  fingerprint: JSON.stringify(wish),
  sentAt: undefined,
});
