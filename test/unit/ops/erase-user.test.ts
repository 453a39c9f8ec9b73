import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

type Answer = { readonly status: number; readonly body: object };

let folder: string;
let server: Server;
let answers: Answer[];
let asked: { url: string; token: string; body: unknown }[];

const step = (next: string | null, counts: Record<string, [number, number]>, failed: object[] = []): Answer => ({
  status: 200,
  body: {
    done: next === null,
    next,
    chats: Object.entries(counts).map(([chat_id, [erased, already_erased]]) => ({ chat_id, erased, already_erased })),
    failed,
  },
});

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'chat-messaging-'));
  answers = [];
  asked = [];
  server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) text += chunk;
    asked.push({ url: request.url!, token: request.headers.authorization!, body: JSON.parse(text) });
    const { status, body } = answers.shift()!;
    response.writeHead(status, { connection: 'close' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

const file = () => join(folder, 'report.json');
const report = () => JSON.parse(readFileSync(file(), 'utf8'));

/** The command, as an operator types it. */
const run = async (...more: string[]) => {
  const { port } = server.address() as { port: number };
  const args = ['--user', '7', '--report', file(), '--url', `http://127.0.0.1:${port}`, ...more];
  const env = { PATH: process.env.PATH, TOKEN: 'the-token', DATA_DIR: folder };
  const child = spawn(process.execPath, ['ops/erase-user.ts', ...args], { env });
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, stderr };
};

describe('npm run erase-user', { timeout: 30_000 }, () => {
  it('goes on until all is done, and adds it up chat by chat', async () => {
    answers = [step('n1', { a: [1_000, 2] }), step('n2', { a: [500, 0], b: [500, 0] }), step(null, { b: [7, 1] })];
    expect((await run()).code).toBe(0);
    expect(asked).toEqual(
      [undefined, 'n1', 'n2'].map((next) => ({
        url: '/v1/users/7/erasure',
        token: 'Bearer the-token',
        body: { ...(next && { next }), all_chats: false },
      })),
    );
    expect(report()).toMatchObject({
      user_id: '7',
      done: true,
      steps: 3,
      erased: 2_007,
      already_erased: 3,
      profile_forgotten: true,
      chats: [
        { chat_id: 'a', erased: 1_500, already_erased: 2 },
        { chat_id: 'b', erased: 507, already_erased: 1 },
      ],
    });
  });

  it('goes on from the report of a run that did not end', async () => {
    answers = [step('n1', { a: [1_000, 0] }), { status: 401, body: { code: 'UNAUTHENTICATED' } }];
    const first = await run('--all-chats');
    expect([first.code, first.stderr]).toEqual([1, expect.stringContaining('answered 401')]);
    expect(report()).toMatchObject({ done: false, next: 'n1', erased: 1_000, profile_forgotten: false });
    answers = [step(null, { a: [1, 0] })];
    expect((await run('--all-chats')).code).toBe(0);
    expect(asked.at(-1)?.body).toEqual({ next: 'n1', all_chats: true });
    expect(report()).toMatchObject({ done: true, erased: 1_001, steps: 2 });
  });

  it('tries again what may heal', async () => {
    answers = [{ status: 503, body: { code: 'OVERLOADED' } }, step(null, {})];
    expect((await run()).code).toBe(0);
    expect(asked).toHaveLength(2);
  });

  it('ends with 1 when a chat refused, and says so in the report', async () => {
    const failed = [{ chat_id: 'c', code: 'POLICY_DENIED', reason: 'not here' }];
    answers = [step('n1', {}, failed), step(null, { a: [1, 0] })];
    const { code, stderr } = await run();
    expect([code, stderr]).toEqual([1, expect.stringContaining('1 chats refused')]);
    expect(report()).toMatchObject({ done: true, failed });
  });

  it('writes over no report but that of the same erasure', async () => {
    for (const text of ['no report', JSON.stringify({ user_id: '8', all_chats: false, done: false, chats: [] })]) {
      writeFileSync(file(), text);
      expect(await run()).toMatchObject({ code: 1, stderr: expect.stringContaining('is no report of this erasure') });
      expect(readFileSync(file(), 'utf8')).toBe(text);
    }
    rmSync(file());
    answers = [step(null, {})];
    await run();
    expect(await run()).toMatchObject({ code: 1, stderr: expect.stringContaining('an erasure that is done') });
    expect(asked).toHaveLength(1);
    expect(existsSync(`${file()}.part`)).toBe(false);
  });
});
