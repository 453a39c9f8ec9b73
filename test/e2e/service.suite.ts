import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServiceProcess } from '../support/service-process.ts';

/** What a user of the service sees, whatever it runs on. `env` says what that is. */
export const serviceSuite = (name: string, env: () => Record<string, string>) =>
  describe(`the service on ${name}`, { timeout: 60_000 }, () => {
    let service: ServiceProcess;
    beforeAll(async () => {
      service = await ServiceProcess.at(env());
      await service.start();
    }, 120_000);
    afterAll(() => service.dispose());

    const group = async (title = 'Trip') => {
      const { status, json } = await service.ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2], title });
      expect(status).toBe(201);
      return json.id as string;
    };
    const post = (user: number, chat: string, body: string, id?: string) =>
      service.ask(user, 'POST', `/v1/chats/${chat}/messages`, { body, ...(id && { client_message_id: id }) });

    it('creates a chat, takes messages and gives them back in order', async () => {
      const chat = await group();
      for (let n = 1; n <= 25; n++) {
        expect(await post(1 + (n % 2), chat, `text ${n} 👍`)).toMatchObject({
          status: 201,
          json: { seq: n, rev: n + 1 },
        });
      }
      const seen: number[] = [];
      for (let cursor = ''; ; ) {
        const { json } = await service.ask(
          2,
          'GET',
          `/v1/chats/${chat}/messages?limit=10${cursor && `&cursor=${cursor}`}`,
        );
        for (const message of json.items) {
          expect(message.body).toBe(`text ${message.seq} 👍`);
          seen.push(message.seq);
        }
        if (json.older === null) break;
        cursor = json.older;
      }
      expect(seen).toEqual(Array.from({ length: 25 }, (_, index) => 25 - index));
      expect((await service.ask(1, 'GET', `/v1/chats/${chat}`)).json).toMatchObject({
        title: 'Trip',
        last_seq: 25,
        rev: 26,
      });
    });

    it('answers a repeat with the first message, and refuses its id for another text', async () => {
      const chat = await group();
      const first = await post(1, chat, 'once', 'my-1');
      const second = await post(1, chat, 'once', 'my-1');
      expect(second).toMatchObject({ status: 200, json: first.json });
      expect(second.headers.get('idempotency-replayed')).toBe('true');
      expect(await post(1, chat, 'twice', 'my-1')).toMatchObject({
        status: 409,
        json: { code: 'IDEMPOTENCY_KEY_REUSED' },
      });
      expect((await service.ask(1, 'GET', `/v1/chats/${chat}/messages`)).json.items).toHaveLength(1);
    });

    it('has one direct chat for two users, whoever asks', async () => {
      const [one, two] = [`a${Date.now()}`, `b${Date.now()}`];
      const first = await service.ask(one, 'POST', '/v1/chats', { kind: 'direct', member_ids: [two] });
      const second = await service.ask(two, 'POST', '/v1/chats', { kind: 'direct', member_ids: [one] });
      expect(first.status).toBe(201);
      expect(second).toMatchObject({ status: 200, json: { id: first.json.id } });
    });

    it('does not tell a stranger somebody else’s chat from one that does not exist', async () => {
      const chat = await group();
      const ask = async (path: string) => {
        const { status, json } = await service.ask(3, 'GET', path);
        return { status, code: json.code, detail: json.detail };
      };
      expect(await ask(`/v1/chats/${chat}/messages`)).toEqual(await ask('/v1/chats/nobody-s/messages'));
      expect(await ask(`/v1/chats/${chat}`)).toMatchObject({ status: 404, code: 'CHAT_NOT_FOUND' });
      expect(await post(3, chat, 'let me in')).toMatchObject({ status: 404, json: { code: 'CHAT_NOT_FOUND' } });
    });

    it('keeps what it answered when it is killed, and goes on counting', async () => {
      const chat = await group();
      await post(1, chat, 'before', 'k-1');
      const [, late] = await Promise.all([
        service.stop('SIGKILL'),
        post(1, chat, 'perhaps', 'k-2').catch(() => undefined),
      ]);
      await service.start();
      const again = await post(1, chat, 'perhaps', 'k-2');
      expect([200, 201]).toContain(again.status);
      if (late?.status === 201) expect(again.json).toEqual(late.json);
      expect(await post(1, chat, 'after', 'k-3')).toMatchObject({ status: 201, json: { seq: 3 } });
      expect(await post(1, chat, 'before', 'k-1')).toMatchObject({ status: 200, json: { seq: 1 } });
      const { json } = await service.ask(1, 'GET', `/v1/chats/${chat}/messages`);
      expect(json.items.map((message: { body: string }) => message.body)).toEqual(['after', 'perhaps', 'before']);
    });

    it('finishes what it was asked when it is told to stop, ends with 0 and starts again', async () => {
      const chat = await group();
      const posts = Array.from({ length: 20 }, (_, n) => post(1, chat, `text ${n}`, `s-${n}`));
      await posts[0];
      const [code, answers] = await Promise.all([service.stop(), Promise.allSettled(posts)]);
      expect(code).toBe(0);
      await service.start();
      const { json } = await service.ask(1, 'GET', `/v1/chats/${chat}`);
      const answered = answers.filter((answer) => answer.status === 'fulfilled' && answer.value.status === 201).length;
      expect(json.last_seq).toBeGreaterThanOrEqual(answered);
    });
  });
