import { beforeEach, describe, expect, it } from 'vitest';
import type { Standing } from '../../../src/application/ports/chat-reader.ts';
import { rev, seq } from '../../../src/domain/ids.ts';
import { groupOfTwo, post, type TestApp, testApp } from '../../support/http/test-app.ts';

let test: TestApp;
let chat: string;

/** As if the first messages had been dropped, and this member had come later. */
const kept = (firstSeq: number, memberFrom = 1) => {
  const { standing } = test.ports.reader;
  test.ports.reader.standing = async (...of) => {
    const real = (await standing(...of)) as Standing;
    const member = real.member && { ...real.member, fromSeq: seq(memberFrom) };
    return { ...real, member, firstSeq: seq(firstSeq), firstRev: rev(firstSeq + 1) };
  };
};
const read = async (path: string) => {
  const answer = await test.as(2, { method: 'GET', url: `/v1/chats/${chat}${path}` });
  return { status: answer.statusCode, first: answer.json().first_available_seq };
};

beforeEach(async () => {
  test = testApp();
  chat = await groupOfTwo(test);
  for (let n = 1; n <= 10; n++) await post(test, 1, chat, { body: `text ${n}` });
});

describe('what is not kept any more', () => {
  it.each([
    '/messages?before=5',
    '/messages?before=1',
    '/messages?after=1',
    '/messages?after=3',
    '/messages?around=4',
    '/messages/4',
    '/messages/4/versions',
    '/messages/4/reactions',
  ])('is answered with 410 and where the rest begins (%s)', async (path) => {
    kept(5);
    expect(await read(path)).toEqual({ status: 410, first: 5 });
  });

  it.each([
    '/messages',
    '/messages?before=6',
    '/messages?after=0',
    '/messages?after=4',
    '/messages?around=5',
    '/messages?time=2000-01-01T00:00:00Z',
    '/messages/5',
  ])('is not what lies at its edge (%s)', async (path) => {
    kept(5);
    expect((await read(path)).status).toBe(200);
  });

  it('begins for a member with what they may see', async () => {
    kept(5, 8);
    expect(await read('/messages/4')).toEqual({ status: 410, first: 8 });
    expect(await read('/messages?around=4')).toEqual({ status: 410, first: 8 });
    expect((await read('/messages/6')).status).toBe(404);
    expect((await read('/messages?around=6')).status).toBe(200);
  });

  it('is nothing in a chat that was never trimmed', async () => {
    for (const path of ['/messages?before=1', '/messages?around=1', '/messages?after=1', '/changes'])
      expect((await read(path)).status, path).toBe(200);
  });

  it('is not held against the seed’s callers, who know no 410', async () => {
    kept(5);
    const { items } = (await test.as(2, { method: 'GET', url: `/v1/chats/${chat}/messages?around=5&limit=1` })).json();
    const url = `/messages/get-messages?chat_id=${chat}&cursor=${encodeURIComponent(items[0].id)}`;
    const answer = await test.as(2, { method: 'GET', url });
    expect([answer.statusCode, answer.json()]).toEqual([
      200,
      { messages: [], cursor: '', previous_messages_exist: false },
    ]);
  });
});
