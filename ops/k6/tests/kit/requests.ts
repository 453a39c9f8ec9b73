/** The requests that the tests are made of, each checked for its answer. */
import { check } from 'k6';
import { SharedArray } from 'k6/data';
import { scenario } from 'k6/execution';
import http, { type RefinedResponse } from 'k6/http';
import type { WorldFile } from './world-file.ts';

// One copy for all virtual users.
const [world] = new SharedArray<WorldFile>('world', () => [JSON.parse(open(__ENV.WORLD!))]);
const { url, run, tokens, hot, cold } = world!;

const pageSize = 50;

const below = (bound: number): number => Math.floor(Math.random() * bound);
const pick = <T>(list: readonly T[]): T => list[below(list.length)]!;

/** Ids are kept out of the tags: one series for each kind of request. */
const params = (name: string) => ({
  headers: { authorization: `Bearer ${pick(tokens)}`, 'content-type': 'application/json' },
  tags: { name },
});

let told = false;
const expectAnswer = (response: RefinedResponse<'text'>, status: number, start: string): void => {
  const good = check(response, {
    'the answer is the expected one': ({ status: got, body }) => got === status && (body ?? '').startsWith(start),
  });
  if (good || told) return;
  told = true; // once per virtual user
  console.error(`${response.request.method} ${response.url}: ${response.status} ${response.error} ${response.body}`);
};

const page = (chatId: string, query: string): void =>
  expectAnswer(
    http.get(`${url}/v1/chats/${chatId}/messages?limit=${pageSize}${query}`, params('page')),
    200,
    '{"items":[{',
  );

/** What opening a busy chat asks for. */
export const readNewest = (): void => page(pick(hot).id, '');

/** A page anywhere in the history of a chat that hardly anybody looks at. */
export const readDeep = (): void => {
  const chat = pick(cold);
  page(chat.id, `&before=${2 + below(chat.messages)}`);
};

export const listChats = (): void =>
  expectAnswer(http.get(`${url}/v1/chats?limit=20`, params('chats')), 200, '{"items":[{');

export const post = (): void => {
  const n = scenario.iterationInTest;
  const body = `load ${n} `.padEnd(200, 'lorem ipsum dolor sit amet ');
  const message = { client_message_id: `${run}-${scenario.name}-${n}`, body };
  const path = `/v1/chats/${pick(below(2) === 0 ? hot : cold).id}/messages`;
  expectAnswer(http.post(`${url}${path}`, JSON.stringify(message), params('post')), 201, '{"id":');
};

/** After the load: no number is missing in the chats that got the most of it. */
export const checkIntegrity = (): void => {
  for (const { id } of hot)
    expectAnswer(http.get(`${url}/v1/chats/${id}/integrity`, params('integrity')), 200, '{"dense":true');
};
