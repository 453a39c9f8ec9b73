import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ServiceProcess } from '../support/service-process.ts';
import { until } from '../support/until.ts';

const run = promisify(execFile);
const shipped = new URL('../../policies/', import.meta.url).pathname;

const noThanks = `@id("no-thanks") @code("FORBIDDEN") @reason("Not today.")
  forbid (principal, action == Action::"reaction:add", resource);`;
/** It is valid, and fails whenever it is asked: nothing can be decided. */
const failing = '@id("failing") forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };';

describe('the policies of a running service', { timeout: 60_000 }, () => {
  const policies = mkdtempSync(join(tmpdir(), 'policies-'));
  const shadow = mkdtempSync(join(tmpdir(), 'shadow-'));
  const extra = (text: string) => writeFileSync(join(policies, 'z.cedar'), text);
  let service: ServiceProcess;
  let chat: string;

  beforeAll(async () => {
    for (const dir of [policies, shadow]) cpSync(shipped, dir, { recursive: true });
    extra('');
    writeFileSync(join(shadow, 'z.cedar'), noThanks);
    service = await ServiceProcess.at({ POLICY_DIR: policies, POLICY_SHADOW_DIR: shadow, LOG_LEVEL: 'info' });
    await service.start();
    chat = (await service.ask(1, 'POST', '/v1/chats', { kind: 'group', member_ids: [2] })).json.id;
  }, 120_000);
  afterAll(() => service.dispose());

  const post = (user: number, id: string) =>
    service.ask(user, 'POST', `/v1/chats/${chat}/messages`, { body: id, client_message_id: id });
  const react = (user: number, emoji: string) =>
    service.ask(user, 'PUT', `/v1/chats/${chat}/messages/1/reactions/${emoji}`, {});
  const decisionOf = (user: number, id: string, query = '') =>
    service.ask(user, 'GET', `/v1/chats/${chat}/decisions/${id}${query}`);

  it('stand in every event, and those who run the chat can ask for them', async () => {
    const posted = await post(2, 'first');
    expect(posted).toMatchObject({ status: 201, json: { decision: { rules: ['members-write'], roster_rev: 1 } } });
    expect(await decisionOf(1, 'first', '?sender_id=2')).toMatchObject({
      status: 200,
      json: {
        event: posted.json,
        decision: posted.json.decision,
        in_force: true,
        rules: [{ id: 'members-write', effect: 'permit', place: expect.stringMatching(/^messages\.cedar:\d+$/) }],
      },
    });
    expect(await decisionOf(2, 'first')).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } });
    expect(await decisionOf(1, 'first')).toMatchObject({ status: 404, json: { code: 'TARGET_NOT_FOUND' } });
    expect(await decisionOf(9, 'first')).toMatchObject({ status: 404, json: { code: 'CHAT_NOT_FOUND' } });
  });

  it('let the service write for a user as far as the user may, and both are recorded', async () => {
    const forTwo = { 'on-behalf-of': '2' };
    const message = { body: 'for you', client_message_id: 'for-2' };
    const posted = await service.ask('system', 'POST', `/v1/chats/${chat}/messages`, message, forTwo);
    expect(posted).toMatchObject({
      status: 201,
      json: { sender_id: 2, decision: { rules: ['members-write'], acted_by: 'system' } },
    });
    expect((await decisionOf(1, 'for-2', '?sender_id=2')).json.decision).toEqual(posted.json.decision);
    const refused = (user: number | string, headers: Record<string, string>) =>
      service.ask(user, 'POST', `/v1/chats/${chat}/members`, { user_id: 3 }, headers);
    expect(await refused('system', { 'on-behalf-of': '1' })).toMatchObject({
      status: 403,
      json: { code: 'FORBIDDEN' },
    });
    expect(await refused(2, { 'on-behalf-of': '1' })).toMatchObject({ status: 403, json: { code: 'FORBIDDEN' } });
    const strangers = await service.ask(
      'system',
      'POST',
      `/v1/chats/${chat}/messages`,
      { body: 'x' },
      { 'on-behalf-of': '9' },
    );
    expect(strangers).toMatchObject({ status: 404, json: { code: 'CHAT_NOT_FOUND' } });
  });

  it('are explained by the command line', async () => {
    const explain = async (...args: string[]) => {
      const options = { env: { ...process.env, ...service.env } };
      const command = ['ops/policy.ts', 'explain', '--url', service.url, ...args];
      return run(process.execPath, command, options).catch((failure) => failure as { stdout: string; code: number });
    };
    const about = ['--user', '2', '--chat', chat, '--seq', '1'];
    expect((await explain('--action', 'message:edit', ...about)).stdout).toMatch(
      /^message:edit: permitted\n.*\n {2}permit {2}authors-edit {2}\(messages\.cedar:\d+\)\n[\s\S]* is_author {5}true\n/,
    );
    const denied = await explain('--action', 'mention:all', ...about);
    expect(denied).toMatchObject({ code: 1, stdout: expect.stringContaining('denied, POLICY_DENIED') });
  });

  it('look on from the shadow: what it would refuse is logged, and happens all the same', async () => {
    expect(await react(2, '👍')).toMatchObject({ status: 200 });
    await until('the disagreement is logged', () => service.output.includes('the shadow policy disagrees'));
    expect(service.output).toContain('"no-thanks"');
  });

  it('count from the moment a file has changed, and a bad one does not', async () => {
    extra(noThanks);
    await until('reactions are refused', async () => (await react(2, '🙂')).json.code === 'FORBIDDEN');
    extra('forbid everything');
    await until('the bad file is refused', () => /refused[^\n]*/.test(service.output));
    expect(service.output).toMatch(/z\.cedar:1:8: /);
    expect((await react(2, '🙂')).json.code).toBe('FORBIDDEN');
    extra('');
    await until('reactions are allowed again', async () => (await react(2, '🎉')).status === 200);
  });

  it('that cannot decide hold every command: nobody is permitted, nobody is denied, and all is delivered later', async () => {
    extra(failing);
    const read = () => service.ask(2, 'GET', `/v1/chats/${chat}/messages?limit=100`);
    await until('nothing can be decided', async () => (await read()).json.code === 'POLICY_UNAVAILABLE');
    const ids = Array.from({ length: 40 }, (_, index) => `held-${index}`);
    let answered = 0;
    const posts = ids.map(async (id, index) => {
      const reply = await post(1 + (index % 2), id);
      answered++;
      return reply;
    });
    let looks = 0;
    await until('it has been so for a while', async () => (await read()).status === 503 && ++looks === 20);
    expect(answered).toBe(0);
    extra('');
    for (const reply of await Promise.all(posts)) expect(reply).toMatchObject({ status: 201 });
    const bodies = (await read()).json.items.map(({ body }: { body: string }) => body);
    expect(bodies).toEqual(expect.arrayContaining(ids));
    expect(bodies).toHaveLength(ids.length + 2);
  });
});
