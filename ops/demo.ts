/** Shows a running service at work: a group of two, three messages, one of them sent twice, and the pages.
 *
 *  npm run demo [-- --url http://127.0.0.1:8002]
 *
 *  Reads the service's own variables (HTTP_HOST, HTTP_PORT, KEY, KEY_FILE, ALGORITHM, DATA_DIR). */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { userId } from '../src/domain/ids.ts';
import { developmentKeyPath } from '../src/infrastructure/config/development-key.ts';
import { loadConfig } from '../src/infrastructure/config/load-config.ts';
import { issueToken } from '../src/infrastructure/http/issue-token.ts';

/** Ends the demo with a sentence in place of a stack. */
class Stop extends Error {}

type Answer = { readonly status: number; readonly replayed: boolean; readonly json: Record<string, unknown> };
type Message = { readonly seq: number; readonly sender_id: number; readonly body: string };
type Page = { readonly items: readonly Message[]; readonly older: string | null };

const keyOf = (config: ReturnType<typeof loadConfig>): string => {
  if (config.auth.key !== undefined) return config.auth.key;
  if (config.auth.jwksUrl !== undefined) throw new Stop('JWKS_URL is set: the demo cannot sign tokens of its own.');
  const path = developmentKeyPath(config.dataDir);
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    throw new Stop(`No KEY is set and ${path} cannot be read: start the service once (npm start) or set its KEY.`);
  }
};

const demo = async (): Promise<void> => {
  const config = loadConfig(process.env);
  const { values } = parseArgs({ options: { url: { type: 'string' } } });
  const host = config.http.host === '0.0.0.0' ? '127.0.0.1' : config.http.host;
  const base = (values.url ?? `http://${host}:${config.http.port}`).replace(/\/$/, '');
  const key = keyOf(config);

  const ask = async (user: number, method: 'GET' | 'POST', path: string, body?: object): Promise<Answer> => {
    const token = await issueToken(key, userId(String(user)), 300, config.auth.algorithm, config.auth);
    const headers = { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) };
    const request = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const response = await fetch(`${base}${path}`, request).catch((error: Error) => {
      throw new Stop(
        `Nothing answers at ${base} (${(error.cause as Error | undefined)?.message ?? error.message}): start the service with "npm start", or name another with --url.`,
      );
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    if (!type.includes('json'))
      throw new Stop(`${base} answers, but it is not this service: ${method} ${path} gave ${response.status} ${type}.`);
    const json = JSON.parse(text) as Answer['json'];
    if (!response.ok)
      throw new Stop(`${method} ${path} was refused: ${response.status} ${json.code ?? ''} ${json.detail ?? text}`);
    return { status: response.status, replayed: response.headers.get('idempotency-replayed') === 'true', json };
  };

  const chat = await ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2], title: 'Demo' });
  const messages = `/v1/chats/${chat.json.id}/messages`;
  console.log(`user 1 created the group "${chat.json.title}" with user 2: ${chat.json.id}`);

  const say = async (user: number, body: string, client_message_id: string = randomUUID()): Promise<string> => {
    const { status, replayed, json } = await ask(user, 'POST', messages, { body, client_message_id });
    console.log(
      `user ${user} posted "${body}": ${status}, seq ${json.seq}${replayed ? ', the same message as before' : ''}`,
    );
    return client_message_id;
  };
  await say(1, 'Hello!');
  const sentTwice = await say(2, 'Hi, did you get this?');
  await say(2, 'Hi, did you get this?', sentTwice);
  await say(1, 'Yes, once.');

  const read: Message[] = [];
  let query = '?limit=2';
  for (let number = 1; ; number++) {
    const { items, older } = (await ask(2, 'GET', `${messages}${query}`)).json as Page;
    console.log(`user 2 read page ${number}, newest first:`);
    for (const message of items) console.log(`  ${message.seq}. user ${message.sender_id}: ${message.body}`);
    read.push(...items);
    if (older === null) break;
    query = `?limit=2&cursor=${older}`;
  }
  const dense = read.map((message) => message.seq).join() === '3,2,1';
  if (!dense) throw new Stop(`Expected messages 3, 2, 1, and read ${read.map((message) => message.seq).join(', ')}.`);
  console.log('Four posts, one of them a repeat: three messages, in order.');
};

demo().catch((error: unknown) => {
  const expected = error instanceof Stop || (error as Error).name === 'ConfigError';
  console.error(expected ? (error as Error).message : error);
  process.exitCode = 1;
});
