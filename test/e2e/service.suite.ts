import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServiceProcess } from '../support/service-process.ts';
import { commandRows } from './commands.table.ts';
import { eraseUser } from './erase-user.ts';

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

    it('does every command, once however often it is sent, and refuses it to who may not', async () => {
      const chat = await group();
      for (const user of [1, 2]) await post(user, chat, `text of ${user}`);
      const revs: number[] = [];
      for (const [row, { command, user, method, path, payload, event, denied }] of commandRows.entries()) {
        const id = `id-${row}-${command}`;
        const send = (who: number, client: string) => {
          const named = method === 'DELETE' || path.includes('/reactions/');
          return named
            ? service.ask(who, method, `/v1/chats/${chat}${path}?client_message_id=${client}`)
            : service.ask(who, method, `/v1/chats/${chat}${path}`, { ...payload, client_message_id: client });
        };
        const first = await send(user, id);
        expect(first.json, command).toMatchObject(event);
        const again = await send(user, id);
        expect([again.status, again.json], command).toEqual([200, first.json]);
        expect((await send(denied.user, `${id}-denied`)).json.code, command).toBe(denied.code);
        revs.push(first.json.rev);
      }
      expect(revs).toEqual(commandRows.map((_, index) => index + 4));
      const { json } = await service.ask(1, 'GET', `/v1/chats/${chat}/changes?limit=100`);
      expect(json.items.map((item: { rev: number }) => item.rev)).toEqual(Array.from({ length: 14 }, (_, n) => n + 1));
      const page = await service.ask(2, 'GET', `/v1/chats/${chat}/messages?min_rev=14`);
      expect(page.json.items).toMatchObject([
        { seq: 3, body: 're' },
        { seq: 2, is_deleted: true, body: '' },
        { seq: 1 },
      ]);
      const integrity = await service.ask(1, 'GET', `/v1/chats/${chat}/integrity`);
      expect(integrity.json).toMatchObject({ dense: true, messages: 3, changes: 11 });
      expect((await service.ask(3, 'GET', `/v1/chats/${chat}/messages`)).json.code).toBe('CHAT_NOT_FOUND');
      const list = await service.ask(2, 'GET', '/v1/chats?limit=1');
      expect(list.json.items).toMatchObject([{ id: chat, last_message: { body: 're' }, unread_count: 2 }]);
    });

    it('serves the siblings on their own routes', async () => {
      const [one, two] = [Math.floor(Math.random() * 1e9), Math.floor(Math.random() * 1e9) + 1e9];
      const chat = await service.ask(one, 'POST', '/chats/', { user_ids: [two, one] });
      expect(chat).toMatchObject({ status: 200, json: { related_users: [{ id: one }, { id: two }] } });
      await post(one, chat.json.id, 'hi');
      const renamed = { id: two, username: 'bella', avatar_url: 'https://example.org/b' };
      expect((await service.ask(two, 'POST', '/messaging/chats/update-chat-related-user', renamed)).status).toBe(204);
      expect((await service.ask(one, 'GET', '/chats/get-chats')).json).toMatchObject([
        { id: chat.json.id, related_users: [{ id: one }, renamed] },
      ]);
      expect((await service.ask(two, 'GET', `/messages/get-messages?chat_id=${chat.json.id}`)).json).toMatchObject({
        messages: [{ body: 'hi', sender_id: one, recipient_id: two, status: 'delivered' }],
        previous_messages_exist: false,
      });
    });

    it('erases what a user has written, in chats they have left too, when an operator says so', async () => {
      const [owner, user] = [Math.floor(Math.random() * 1e9), Math.floor(Math.random() * 1e9) + 1e9];
      const make = async () => {
        const body = { kind: 'group', member_ids: [user] };
        return (await service.ask(owner, 'POST', '/v1/chats', body)).json.id as string;
      };
      const chats = [await make(), await make()];
      for (const chat of chats) {
        for (const one of [user, owner, user]) await post(one, chat, `s3cret of ${one}`);
        await service.ask(user, 'PATCH', `/v1/chats/${chat}/messages/1`, { body: `s3cret edit of ${user}` });
        await service.ask(user, 'DELETE', `/v1/chats/${chat}/messages/3`);
      }
      await service.ask(user, 'DELETE', `/v1/chats/${chats[1]}/members/${user}`);
      const refused = await service.ask(owner, 'POST', `/v1/users/${user}/erasure`, {});
      expect([refused.status, refused.json.code]).toEqual([403, 'FORBIDDEN']);

      const { code, report } = await eraseUser(service, user);
      expect([code, report]).toMatchObject([0, { user_id: String(user), done: true, erased: 4, already_erased: 0 }]);
      const counts = report.chats.map((one: { chat_id: string; erased: number }) => [one.chat_id, one.erased]);
      expect(counts.toSorted()).toEqual(chats.map((chat) => [chat, 2]).toSorted());
      for (const chat of chats) {
        const at = `/v1/chats/${chat}`;
        const page = await service.ask(owner, 'GET', `${at}/messages`);
        expect(page.json.items.map((item: { body: string }) => item.body)).toEqual(['', `s3cret of ${owner}`, '']);
        const { json: log } = await service.ask(owner, 'GET', `${at}/changes?limit=100`);
        expect(JSON.stringify(log)).not.toMatch(`of ${user}`);
        expect(log.items.at(-1)).toMatchObject({ type: 'message.erased', user_id: user, seqs: [1, 3] });
        expect((await service.ask(owner, 'GET', `${at}/integrity`)).json).toMatchObject({ dense: true, messages: 3 });
      }
      expect(await eraseUser(service, user)).toMatchObject({ report: { done: true, erased: 0, already_erased: 4 } });
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

    it('lets a removed member neither post nor read from the next command on, and see no more than allowed when they are back', async () => {
      const { id } = (await service.ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2] })).json;
      const post = (user: number, body: string) => service.ask(user, 'POST', `/v1/chats/${id}/messages`, { body });
      const seenBy2 = async () => {
        const { status, json } = await service.ask(2, 'GET', `/v1/chats/${id}/messages`);
        return status === 200 ? json.items.map(({ body }: { body: string }) => body) : status;
      };
      await post(2, 'before');
      // Both are on their way at once: whichever is decided first, nothing of 2 stands behind the removal.
      const [removal, late] = await Promise.all([
        service.ask(1, 'DELETE', `/v1/chats/${id}/members/2`),
        post(2, 'at the same time'),
      ]);
      expect(removal.status).toBe(200);
      if (late.status === 201) expect(late.json.rev).toBeLessThan(removal.json.rev);
      expect((await post(2, 'after')).status).toBe(404);
      expect(await seenBy2()).toBe(404);
      await post(1, 'while 2 was away');
      expect((await service.ask(1, 'POST', `/v1/chats/${id}/members`, { user_id: 2 })).status).toBe(201);
      expect(await seenBy2()).toEqual([]);
      await post(1, 'back again');
      expect(await seenBy2()).toEqual(['back again']);
      expect((await service.ask(2, 'GET', `/v1/chats/${id}/messages/1`)).status).toBe(404);
      const changes = await service.ask(2, 'GET', `/v1/chats/${id}/changes`);
      expect(JSON.stringify(changes.json)).not.toContain('while 2 was away');
      // Full history is for those who join from then on.
      await service.ask(1, 'PATCH', `/v1/chats/${id}`, { history: 'full' });
      expect(await seenBy2()).toEqual(['back again']);
      await service.ask(1, 'DELETE', `/v1/chats/${id}/members/2`);
      await service.ask(1, 'POST', `/v1/chats/${id}/members`, { user_id: 2 });
      expect(await seenBy2()).toEqual(expect.arrayContaining(['before', 'while 2 was away', 'back again']));
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
