import { afterEach, describe, expect, it } from 'vitest';
import { type Reply, ServiceProcess } from '../support/service-process.ts';

describe('limits on commands', { timeout: 60_000 }, () => {
  let service: ServiceProcess;
  afterEach(() => service.dispose());

  const startedWith = async (env: Record<string, string>): Promise<string> => {
    service = await ServiceProcess.at(env);
    await service.start();
    return (await service.ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2, 3] })).json.id;
  };
  const post = (user: number, chat: string, id: string) =>
    service.ask(user, 'POST', `/v1/chats/${chat}/messages`, { client_message_id: id, body: `text ${id}` });

  const expectTooMany = ({ status, headers, json }: Reply, code: string) => {
    expect({ status, code: json.code }).toEqual({ status: 429, code });
    expect(json.retry_after_ms).toBeGreaterThan(0);
    expect(Number(headers.get('retry-after'))).toBe(Math.ceil(json.retry_after_ms / 1000));
  };
  const texts = async (chat: string): Promise<string[]> =>
    (await service.ask(1, 'GET', `/v1/chats/${chat}/messages`)).json.items.map(({ body }: { body: string }) => body);

  it('hold one user back, tell them for how long, and leave the others alone', async () => {
    // One command an hour after the first three: nothing comes free while the test runs.
    const chat = await startedWith({ RATE_PER_USER: '0.001/3' });
    const answers = [await post(2, chat, 'a'), await post(2, chat, 'b'), await post(2, chat, 'c')];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 201]);
    expectTooMany(await post(2, chat, 'd'), 'RATE_LIMITED');
    expect((await post(3, chat, 'e')).status).toBe(201);
    // A repeat is answered with what was, whatever the limit says.
    expect((await post(2, chat, 'a')).status).toBe(200);
    expect(await texts(chat)).toEqual(['text e', 'text c', 'text b', 'text a']);
  });

  it('hold all users of a chat back together, and no other chat', async () => {
    const chat = await startedWith({ RATE_PER_CHAT: '0.001/3' });
    const answers = [
      await post(1, chat, 'a'),
      await post(2, chat, 'b'),
      await post(3, chat, 'c'),
      await post(1, chat, 'd'),
    ];
    // The creation was the chat's first command.
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 429, 429]);
    expectTooMany(answers.at(-1)!, 'RATE_LIMITED');
    expect(await texts(chat)).toHaveLength(2);
    const other = (await service.ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2] })).json.id;
    expect((await post(2, other, 'a')).status).toBe(201);
  });

  it('slow a chat down when its owner wants that: one post a member, owners excepted', async () => {
    const chat = await startedWith({});
    expect((await service.ask(1, 'PATCH', `/v1/chats/${chat}`, { slow_mode_ms: 3_600_000 })).status).toBe(200);
    expect((await post(2, chat, 'a')).status).toBe(201);
    expectTooMany(await post(2, chat, 'b'), 'SLOW_MODE');
    expect((await post(3, chat, 'c')).status).toBe(201);
    expect([(await post(1, chat, 'd')).status, (await post(1, chat, 'e')).status]).toEqual([201, 201]);
    expect(await texts(chat)).toEqual(['text e', 'text d', 'text c', 'text a']);
  });
});
