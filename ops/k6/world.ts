/** What the load tests find: users with tokens, and chats with a history. Runs in Node, before k6. */
import { setTimeout } from 'node:timers/promises';
import { userId } from '../../src/domain/ids.ts';
import type { Config } from '../../src/infrastructure/config/config.ts';
import { developmentKey } from '../../src/infrastructure/config/development-key.ts';
import { issueToken } from '../../src/infrastructure/http/issue-token.ts';
import type { WorldChat, WorldFile } from './tests/kit/world-file.ts';

type Wanted = { readonly url: string; readonly chats: number; readonly messages: number };

const firstUser = 900_001;
const users = 20;
/** As many chats as a busy evening has; the rest are cold. */
const hotChats = 5;
const tokenSeconds = 7 * 24 * 3600;
/** Requests at once while the chats are filled. */
const width = 64;

type Answer = { readonly id: string; readonly last_seq: number };

const attempts = 5;
const pauseMs = 500;

/** Sends again what found no answer: every command here carries an id, so a repeat changes nothing. */
const send = async (url: string, token: string, body: string): Promise<Answer> => {
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  for (let attempt = 1; ; attempt++) {
    const answer = await fetch(url, { method: 'POST', headers, body }).then(
      async (response) => ({ status: response.status, text: await response.text() }),
      (error: Error) => ({ status: 0, text: (error.cause as Error | undefined)?.message ?? error.message }),
    );
    if (answer.status === 200 || answer.status === 201) return JSON.parse(answer.text) as Answer;
    if (attempt < attempts && (answer.status === 0 || answer.status >= 429)) {
      await setTimeout(pauseMs);
      continue;
    }
    throw new Error(`POST ${url}: ${answer.status || 'failed,'} ${answer.text}. ${advice[answer.status] ?? ''}`.trim());
  }
};

const advice: Readonly<Record<number, string>> = {
  0: 'Nothing answers: start the service, or name another with --url.',
  401: "The key here is not the service's: set its KEY, KEY_FILE or DATA_DIR.",
};

/** Chats and messages have ids of their own, so what an earlier run made is found again and only completed. */
export const makeWorld = async (config: Config, { url, chats, messages }: Wanted): Promise<WorldFile> => {
  const key = config.auth.key ?? developmentKey(config.dataDir);
  const tokens = await Promise.all(
    Array.from({ length: users }, (_, n) =>
      issueToken(key, userId(String(firstUser + n)), tokenSeconds, config.auth.algorithm),
    ),
  );
  const post = (user: number, path: string, body: object): Promise<Answer> =>
    send(`${url}${path}`, tokens[user]!, JSON.stringify(body));

  const members = Array.from({ length: users }, (_, n) => firstUser + n);
  const made: WorldChat[] = [];
  const todo: (() => Promise<unknown>)[] = [];
  for (let n = 0; n < chats; n++) {
    const client_message_id = `k6-chat-${n}`;
    const chat = await post(0, '/v1/chats', {
      kind: 'group',
      title: `k6 ${n}`,
      member_ids: members,
      client_message_id,
    });
    made.push({ id: chat.id, messages });
    // Tests have posted as well: a chat is complete when it has as many, and its own are its first.
    for (let at = chat.last_seq + 1; at <= messages; at++) {
      const message = {
        client_message_id: `k6-${at}`,
        body: `message ${at} `.padEnd(200, 'lorem ipsum dolor sit amet '),
      };
      todo.push(() => post(at % users, `/v1/chats/${chat.id}/messages`, message));
    }
  }
  if (todo.length > 0) console.log(`Writing ${todo.length} messages into ${chats} chats …`);
  await Promise.all(
    Array.from({ length: width }, async () => {
      for (let next = todo.pop(); next !== undefined; next = todo.pop()) await next();
    }),
  );
  const hot = Math.min(hotChats, Math.ceil(chats / 2));
  return { url, run: Date.now().toString(36), tokens, hot: made.slice(0, hot), cold: made.slice(hot) };
};
