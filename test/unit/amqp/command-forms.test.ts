import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxBatchCommands } from '../../../src/domain/chat/command.ts';
import { commandForms, decodeCommands, encodeCommand } from '../../../src/interface-adapters/amqp/command-json.ts';
import { anyCommand, commandsByType } from './any-command.ts';

describe('every command', () => {
  it('has a form on the wire', () => {
    expect(Object.keys(commandForms).sort()).toEqual(Object.keys(commandsByType).sort());
  });

  it.each(Object.entries(commandsByType))('survives its own encoding: %s', (type, commands) => {
    fc.assert(
      fc.property(commands, (command) => {
        expect(command.type).toBe(type);
        expect(decodeCommands(encodeCommand(command))).toEqual({
          ok: true,
          chatId: command.chatId,
          commands: [command],
        });
      }),
    );
  });

  it('has another fingerprint when it asks for something else', () => {
    fc.assert(
      fc.property(anyCommand, anyCommand, (one, other) => {
        const asks = (command: typeof one) =>
          JSON.stringify({
            ...command,
            chatId: 0,
            senderId: 0,
            clientMessageId: 0,
            sentAt: 0,
            fingerprint: 0,
            seedForm: 0,
            ...('memberIds' in command && { memberIds: [...command.memberIds].sort() }),
          });
        expect(one.fingerprint === other.fingerprint).toBe(asks(one) === asks(other));
      }),
    );
  });
});

describe('a batch', () => {
  const part = (n: number, more: object = {}) => ({
    type: 'message.post',
    sender_id: n,
    client_message_id: `m${n}`,
    body: 'x',
    ...more,
  });
  const batch = (commands: unknown, more: object = {}) =>
    decodeCommands(Buffer.from(JSON.stringify({ type: 'batch', chat_id: 'g-1', commands, ...more })));

  it('is its commands, in order, each with its own sender', () => {
    const decoded = batch([part(1), part(2, { chat_id: 'g-1' }), { ...part(3), type: 'message.delete', seq: 1 }]);
    expect(decoded).toMatchObject({
      ok: true,
      chatId: 'g-1',
      commands: [
        { type: 'message.post', chatId: 'g-1', senderId: '1', clientMessageId: 'm1' },
        { senderId: '2' },
        { type: 'message.delete', seq: 1 },
      ],
    });
  });

  it('gives each command the fingerprint that it has alone', () => {
    const decoded = batch([part(1)]);
    const alone = decodeCommands(Buffer.from(JSON.stringify({ ...part(1), chat_id: 'g-1' })));
    expect(decoded).toEqual(alone);
  });

  it.each([
    ['no commands', [], {}, /1 to 64/],
    ['too many', Array.from({ length: maxBatchCommands + 1 }, (_, i) => part(i)), {}, /1 to 64/],
    ['something else than a list', {}, {}, /1 to 64/],
    ['no chat', [part(1)], { chat_id: undefined }, /chat_id: a batch names its chat/],
    ['one that cannot be read', [part(1), part(2, { body: 7 })], {}, /^commands\.1: body: /],
    ['one of another chat', [part(1, { chat_id: 'g-2' })], {}, /^commands\.0: chat_id: all commands/],
    ['one in the seed’s form', [part(1, { type: undefined })], {}, /^commands\.0: type: /],
    ['a batch in it', [part(1), { type: 'batch', commands: [] }], {}, /^commands\.1: unknown command type/],
    ['null in it', [null], {}, /^commands\.0: a command is a JSON object/],
  ])('is refused as a whole when it has %s', (_, commands, more, reason) => {
    const decoded = batch(commands, more);
    expect(decoded.ok).toBe(false);
    if (!decoded.ok) expect(decoded.reason).toMatch(reason);
  });
});
