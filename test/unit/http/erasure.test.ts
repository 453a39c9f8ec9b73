import { beforeEach, describe, expect, it } from 'vitest';
import { SendFailed } from '../../../src/application/ports/command-sender.ts';
import type { Clock } from '../../../src/application/ports/system.ts';
import { rev, seq, shardNumber, userId } from '../../../src/domain/ids.ts';
import { groupOfTwo, post, type TestApp, testApp } from '../../support/http/test-app.ts';
import { realClock } from '../../support/test-cell.ts';

let nowMs: number;
let service: TestApp;
const clock: Clock = { ...realClock, monotonicMs: () => nowMs };
beforeEach(() => {
  nowMs = 0;
  service = testApp({ clock });
});

const erase = (user: number | string, payload: object = {}, as: number | string = 'system') =>
  service.as(as, { method: 'POST', url: `/v1/users/${user}/erasure`, payload });

/** Every step until it is done. */
const eraseAll = async (user: number, payload: object = {}) => {
  const steps = [(await erase(user, payload)).json()];
  while (!steps.at(-1).done) {
    expect(steps.at(-1).next).toEqual(expect.any(String));
    steps.push((await erase(user, { ...payload, next: steps.at(-1).next })).json());
  }
  return steps;
};
const bodies = async (chat: string, user = 1) =>
  (await service.as(user, { method: 'GET', url: `/v1/chats/${chat}/messages?limit=100` }))
    .json()
    .items.map(({ body }: { body: string }) => body)
    .reverse();

describe('POST /v1/users/{user_id}/erasure', () => {
  it('blanks what the user has written in every version, deleted or not, and nothing else', async () => {
    const chat = await groupOfTwo(service);
    await post(service, 2, chat, { body: 'mine', attachments: [] });
    await post(service, 1, chat, { body: 'theirs' });
    await post(service, 2, chat, { body: 'first' });
    const url = `/v1/chats/${chat}/messages`;
    await service.as(2, { method: 'PATCH', url: `${url}/3`, payload: { body: 'second' } });
    await post(service, 2, chat, { body: 'regretted' });
    await service.as(2, { method: 'DELETE', url: `${url}/4` });
    const { statusCode, json } = await erase(2);
    expect(statusCode).toBe(200);
    expect(json()).toEqual({
      user_id: 2,
      done: true,
      next: null,
      chats: [{ chat_id: chat, erased: 3, already_erased: 0 }],
      erased: 3,
      already_erased: 0,
      failed: [],
    });
    expect(await bodies(chat)).toEqual(['', 'theirs', '', '']);
    const reader = service.ports.reader;
    const versions = await reader.versions(chat as never, seq(3));
    expect(versions.map(({ body }) => body)).toEqual(['', '']);
    const log = await reader.changes(chat as never, { rev: rev(0), seq: seq(0) }, 100);
    expect(JSON.stringify(log)).not.toMatch(/mine|first|second|regretted/);
  });

  it('finds what they have written in chats they have left, and forgets their profile', async () => {
    const [stayed, left] = [await groupOfTwo(service), await groupOfTwo(service)];
    for (const chat of [stayed, left]) await post(service, 2, chat, { body: 'mine' });
    await service.as(2, { method: 'DELETE', url: `/v1/chats/${left}/members/2` });
    for (const id of ['1', '2'])
      await service.ports.personal.putProfile({ userId: userId(id), username: `name of ${id}`, avatarUrl: '' });
    expect((await erase(2)).json()).toMatchObject({ done: true, erased: 2 });
    for (const chat of [stayed, left]) expect(await bodies(chat)).toEqual(['']);
    expect(await service.ports.personal.profiles([userId('1'), userId('2')])).toMatchObject([{ userId: '1' }]);
  });

  it('says at a repeat that it was done before', async () => {
    const chat = await groupOfTwo(service);
    for (const user of [2, 1, 2]) await post(service, user, chat, { body: 'text' });
    await erase(2);
    const sent = service.ports.sent.length;
    expect((await erase(2)).json()).toMatchObject({
      done: true,
      chats: [{ chat_id: chat, erased: 0, already_erased: 2 }],
      erased: 0,
      already_erased: 2,
    });
    expect(service.ports.sent).toHaveLength(sent);
  });

  it('does so many messages at a time, each once, over chats and pages', async () => {
    const chats = [await groupOfTwo(service), await groupOfTwo(service)];
    for (const chat of chats) for (let n = 0; n < 730; n++) await post(service, 2, chat, { body: `text ${n}` });
    const steps = await eraseAll(2);
    expect(steps.map(({ erased }) => erased)).toEqual([1_000, 460]);
    expect(steps.map(({ already_erased }) => already_erased)).toEqual([0, 0]);
    for (const chat of chats) expect(new Set(await bodies(chat))).toEqual(new Set(['']));
  });

  it('ends a step when its time is over, and gets through all the same', async () => {
    const chats = [await groupOfTwo(service), await groupOfTwo(service), await groupOfTwo(service)];
    for (const chat of chats)
      for (let n = 0; n < 150; n++) await post(service, 1 + (n % 2), chat, { body: `text ${n}` });
    const { page } = service.ports.reader;
    service.ports.reader.page = async (request) => {
      nowMs += 3_000;
      return page(request);
    };
    const steps = await eraseAll(2);
    expect(steps.length).toBeGreaterThan(2);
    expect(steps.reduce((sum, { erased }) => sum + erased, 0)).toBe(225);
  });

  it('goes through all chats when it is told to, for members that no index knows', async () => {
    const chat = await groupOfTwo(service);
    await post(service, 2, chat, { body: 'mine' });
    service.ports.catalogue.chatsEverOf = async () => [];
    service.ports.catalogue.chats = async (after) =>
      after === undefined ? [{ chatId: chat as never, home: shardNumber(0), position: 'p' }] : [];
    expect((await erase(2)).json()).toMatchObject({ done: true, erased: 0 });
    expect((await eraseAll(2, { all_chats: true })).map(({ erased }) => erased)).toEqual([1]);
  });

  it('passes over a chat that refuses, and says so', async () => {
    const chats = [await groupOfTwo(service), await groupOfTwo(service)].sort();
    for (const chat of chats) await post(service, 2, chat, { body: 'mine' });
    const { send } = service.ports.sender;
    service.ports.sender.send = async (command, timeoutMs) => {
      if (command.chatId !== chats[0]) return send(command, timeoutMs);
      const event = { type: 'command.rejected', code: 'POLICY_DENIED', reject_reason: 'not here' };
      return { event: JSON.stringify(event), replayed: false };
    };
    expect((await erase(2)).json()).toMatchObject({
      done: true,
      erased: 1,
      failed: [{ chat_id: chats[0], code: 'POLICY_DENIED', reason: 'not here' }],
    });
  });

  it('answers with what was done when a server goes away meanwhile, and with the failure when nothing was', async () => {
    const chats = [await groupOfTwo(service), await groupOfTwo(service)].sort();
    for (const chat of chats) await post(service, 2, chat, { body: 'mine' });
    const { send } = service.ports.sender;
    service.ports.sender.send = async (command, timeoutMs) => {
      if (command.chatId === chats[0]) return send(command, timeoutMs);
      throw new SendFailed('OVERLOADED', 'no broker');
    };
    const first = (await erase(2)).json();
    expect(first).toMatchObject({ done: false, erased: 1, failed: [] });
    expect(await erase(2, { next: first.next })).toMatchObject({ statusCode: 503 });
    service.ports.sender.send = send;
    expect((await erase(2, { next: first.next })).json()).toMatchObject({ done: true, erased: 1 });
  });

  it('gets past messages that are missing', async () => {
    const chat = await groupOfTwo(service);
    for (let n = 0; n < 5; n++) await post(service, 2, chat, { body: `text ${n}` });
    const { page } = service.ports.reader;
    service.ports.reader.page = async (request) => {
      const found = await page(request);
      const isHole = request.anchor.at === 'after' && request.anchor.seq < 2;
      return found && isHole ? { ...found, items: [], hasNewer: true } : found;
    };
    expect((await erase(2)).json()).toMatchObject({ done: true, erased: 3 });
  });

  it('is for operators', async () => {
    const chat = await groupOfTwo(service);
    await post(service, 2, chat, { body: 'mine' });
    for (const user of [1, 2]) {
      const answer = await erase(2, {}, user);
      expect(answer.statusCode).toBe(403);
      expect(answer.json()).toMatchObject({ code: 'FORBIDDEN' });
    }
    expect(await bodies(chat)).toEqual(['mine']);
  });

  it('takes no place of another erasure', async () => {
    const chat = await groupOfTwo(service);
    for (let n = 0; n < 1_001; n++) await post(service, 2, chat, { body: 'x' });
    const { next } = (await erase(2)).json();
    for (const [user, payload] of [
      [1, { next }],
      [2, { next, all_chats: true }],
      [2, { next: 'nonsense' }],
      [2, { next: Buffer.from('{}').toString('base64url') }],
      [2, { more: 1 }],
    ] as const)
      expect((await erase(user, payload)).json()).toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});
