import { parseArgs } from 'node:util';

/** The load that publish.ts sends and verify.ts expects: a pure function of (run, chats, messages), so no log has to be kept. */
export type Load = {
  readonly run: string;
  readonly chats: number;
  readonly messages: number;
  readonly bodyBytes: number;
  /** Each chat has two users of its own; left out: all chats have the same two. */
  readonly ownUsers?: boolean;
};

export const users = [1, 2] as const;
export const usersOf = (load: Load, chat: number): readonly [number, number] =>
  load.ownUsers ? [2 * chat + 1, 2 * chat + 2] : users;

export const chatIdAt = (load: Load, chat: number): string => `bench-${load.run}-${chat}`;
export const clientIdAt = (load: Load, index: number): string => `${load.run}-${index}`;
/** Message `index` goes to chat `index mod chats`, so its place among that chat's messages is `index div chats`. */
export const chatOf = (load: Load, index: number): number => index % load.chats;
export const senderAt = (load: Load, index: number): number =>
  usersOf(load, chatOf(load, index))[Math.floor(index / load.chats) % 2]!;
export const bodyAt = (load: Load, index: number): string =>
  `message ${index} `.padEnd(load.bodyBytes, 'lorem ipsum dolor sit amet ');

export const createCommand = (load: Load, chat: number) => ({
  type: 'chat.create',
  chat_id: chatIdAt(load, chat),
  sender_id: usersOf(load, chat)[0],
  client_message_id: 'create',
  kind: 'group',
  member_ids: usersOf(load, chat),
});
export const postCommand = (load: Load, index: number) => ({
  type: 'message.post',
  chat_id: chatIdAt(load, chatOf(load, index)),
  sender_id: senderAt(load, index),
  client_message_id: clientIdAt(load, index),
  body: bodyAt(load, index),
});

/** The stream that keeps a run's events for verify.ts. */
export const eventQueue = (load: Load): string => `bench.events.${load.run}`;

export const options = () => {
  const { values } = parseArgs({
    options: {
      run: { type: 'string', default: 'a' },
      chats: { type: 'string', default: '500' },
      messages: { type: 'string', default: '50000' },
      'body-bytes': { type: 'string', default: '200' },
      rate: { type: 'string', default: '0' },
      repeats: { type: 'string', default: '1' },
      cleanup: { type: 'boolean', default: false },
      http: { type: 'string', default: `http://127.0.0.1:${process.env.HTTP_PORT ?? 8002}` },
    },
  });
  const number = (name: 'chats' | 'messages' | 'body-bytes' | 'rate' | 'repeats'): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 0)
      throw new RangeError(`--${name} takes a whole number, not ${values[name]}`);
    return value;
  };
  const url = process.env.RABBITMQ_URL;
  if (!url) throw new Error('RABBITMQ_URL is not set; with the local stack: eval "$(npm run -s stack:env)"');
  const load: Load = {
    run: values.run,
    chats: number('chats'),
    messages: number('messages'),
    bodyBytes: number('body-bytes'),
  };
  return {
    load,
    url,
    /** Messages per second; 0 = as fast as the broker confirms. */
    rate: number('rate'),
    repeats: number('repeats'),
    cleanup: values.cleanup,
    http: values.http,
    deliveryExchange: process.env.DELIVERY_EXCHANGE_NAME || 'delivery',
  };
};
