import type { GetMessage } from 'amqplib/callback_api';
import { called, Reconnecting } from './connection.ts';
import type { Findings } from './findings.ts';

const queue = 'chat.dead-letter';

/** What can never be a command, in every way that there is. */
const poisons: readonly Buffer[] = [
  Buffer.from(''),
  Buffer.from('not JSON'),
  Buffer.from('{"type":"message.post","chat_id":'),
  Buffer.from([0xff, 0xfe, 0x00, 0x80]),
  Buffer.from('[]'),
  Buffer.from('null'),
  Buffer.from('{"type":"message.post"}'),
  Buffer.from('{"type":"no.such.command","chat_id":"a","sender_id":1,"client_message_id":"a"}'),
  Buffer.from('{"type":"message.post","chat_id":"../a","sender_id":1,"client_message_id":"a","body":"a"}'),
  Buffer.from('{"__proto__":{"type":"message.post"},"chat_id":"a"}'),
  Buffer.from('['.repeat(50_000)),
  Buffer.from(JSON.stringify({ type: 'message.post', chat_id: 'a', sender_id: 1, body: 'x'.repeat(300_000) })),
];

export const poisonCount = poisons.length;

/** Publishes one of each to a chat's shard, and resolves with their message ids when the broker has confirmed them. */
export const publishPoison = async (url: string, chatId: string, prefix: string): Promise<string[]> =>
  withChannel(url, async (channel) => {
    const ids = poisons.map((_, n) => `${prefix}-${n}`);
    poisons.forEach((body, n) => {
      channel.publish('chat.commands', chatId, body, { persistent: true, mandatory: true, messageId: ids[n]! });
    });
    await called((done) => channel.waitForConfirms((error) => done(error ?? null, undefined)));
    return ids;
  });

/** Empties the dead letters: there must be exactly those, as often as at least once. */
export const checkDeadLetters = (url: string, expected: readonly string[], findings: Findings): Promise<void> =>
  withChannel(url, async (channel) => {
    const missing = new Set(expected);
    const known = new Set(expected);
    for (;;) {
      const letter = await called<GetMessage | false>((done) => channel.get(queue, { noAck: true }, done));
      if (letter === false) break;
      const id = String(letter.properties.messageId);
      missing.delete(id);
      if (!known.has(id))
        findings.add('unexpected', `dead letter ${id}: ${JSON.stringify(letter.properties.headers).slice(0, 200)}`);
    }
    for (const id of missing) findings.add('lost', `${id} is not among the dead letters`);
  });

const withChannel = async <T>(
  url: string,
  use: (channel: import('amqplib/callback_api').ConfirmChannel) => Promise<T>,
): Promise<T> => {
  const result = Promise.withResolvers<T>();
  const connection = new Reconnecting(url, 'chaos dead letters', (model) => {
    const channel = model.createConfirmChannel(() => use(channel).then(result.resolve, result.reject));
    channel.on('error', result.reject);
  });
  try {
    return await result.promise;
  } finally {
    await connection.close();
  }
};
