import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';

const chats = 20;
const chatIdOf = (chat: number) => `moved-${chat}`;
/** U+2028 and U+2029 end a line for JavaScript and not for JSON. */
const textOf = (n: number) => `message ${n}, first line\u2028second line\u2029end`;

/** Another system's history. */
const foreign = (messages: number): string[] => {
  const lines: object[] = [];
  for (let chat = 0; chat < chats; chat++) {
    const put = (sender: number, id: string, command: object, seconds: number) =>
      lines.push({
        command: { chat_id: chatIdOf(chat), sender_id: sender, client_message_id: id, ...command },
        at: new Date(Date.UTC(2024, 0, 1) + seconds * 1000).toISOString(),
      });
    put(1, 'c', { type: 'chat.create', kind: 'group', member_ids: [2] }, 0);
    for (let n = 1; n <= messages / chats; n++) put(1 + (n % 2), `m-${n}`, { body: textOf(n) }, n);
  }
  return lines.map((line) => JSON.stringify(line));
};

/** `env` says what the store is; `messages` is how many are moved. */
export const transferSuite = (name: string, messages: number, env: (folder: string) => Record<string, string>) =>
  describe(`a history that moves into ${name} and is cut off`, { timeout: 180_000 }, () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'chat-messaging-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));
    const file = (of: string) => join(folder, of);

    const begin = (script: 'export' | 'import', path: string) => {
      const { PATH = '' } = process.env;
      const child = spawn(process.execPath, [`ops/${script}.ts`, path], { env: { PATH, ...env(folder) } });
      const said = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream].on('data', (chunk) => {
          said[stream] += chunk;
        });
      const ended = once(child, 'close').then(([code]) => ({ code, ...said }));
      return { child, ended };
    };
    const run = (script: 'export' | 'import', path: string) => begin(script, path).ended;

    /** Kills the import when it has taken `share` of the lines, while it waits for more. */
    const importAndKill = async (lines: readonly string[], share: number) => {
      execFileSync('mkfifo', [file('pipe')]);
      const { child, ended } = begin('import', file('pipe'));
      // Opened so that it waits, a pipe would wait for ever for a reader that has ended.
      let first: FileHandle | undefined;
      await until(
        'the import reads',
        async () => {
          if (child.exitCode !== null) throw new Error(`the import ended: ${(await ended).stderr}`);
          first = await open(file('pipe'), constants.O_WRONLY | constants.O_NONBLOCK).catch(() => undefined);
          return first !== undefined;
        },
        60_000,
      );
      const pipe = await open(file('pipe'), 'w');
      await first?.close();
      // A pipe holds 64 kB: what goes into it, the import has taken, but for that.
      await pipe.writeFile(`${lines.slice(0, Math.floor(lines.length * share)).join('\n')}\n`);
      child.kill('SIGKILL');
      await ended;
      await pipe.close();
      rmSync(file('pipe'));
    };

    /** Of each chat, what its messages say, in their order; throws when an entry is missing or there twice. */
    const exportedChats = (path: string): Map<string, string[]> => {
      const found = new Map<string, string[]>();
      const revs = new Map<string, number>();
      for (const line of readFileSync(path, 'utf8').split('\n')) {
        const { entry } = line === '' ? {} : JSON.parse(line);
        if (entry === undefined) continue;
        expect(entry.rev).toBe((revs.get(entry.chatId) ?? 0) + 1);
        revs.set(entry.chatId, entry.rev);
        const texts = found.get(entry.chatId) ?? [];
        if (entry.type === 'message.posted') expect(texts.push(entry.body)).toBe(entry.seq);
        found.set(entry.chatId, texts);
      }
      return found;
    };

    it('is there once and in order after kill -9, twice, and the same command again', async () => {
      const lines = foreign(messages);
      writeFileSync(file('foreign'), `${lines.join('\n')}\n`);
      await importAndKill(lines, 0.3);
      await importAndKill(lines, 0.6);
      const { code, stdout, stderr } = await run('import', file('foreign'));
      expect(code, stderr).toBe(0);
      const { written, present } = JSON.parse(stdout);
      expect(written + present).toBe(lines.length);
      expect(present).toBeGreaterThan(0);
      expect(written).toBeGreaterThan(0);
      expect(await run('export', file('out'))).toMatchObject({ code: 0 });
      const texts = Array.from({ length: messages / chats }, (_, index) => textOf(index + 1));
      const expected = Array.from({ length: chats }, (_, chat) => [chatIdOf(chat), texts] as const);
      expect(exportedChats(file('out'))).toEqual(new Map(expected));
    });

    it('is written to the end by the same export again, wherever it broke off', async () => {
      writeFileSync(file('foreign'), `${foreign(400).join('\n')}\n`);
      expect(await run('import', file('foreign'))).toMatchObject({ code: 0 });
      expect(await run('export', file('out'))).toMatchObject({ code: 0 });
      const whole = readFileSync(file('out'));
      const lastDone = whole.lastIndexOf('{"done"');
      const brokenAt = {
        'in its first line': 5,
        'in the middle': Math.floor(whole.length / 2),
        'before the newline of a finished chat': whole.indexOf('\n', whole.indexOf('{"done"')),
        'inside a character of three bytes': whole.lastIndexOf('\u2028', lastDone) + 1,
        nowhere: whole.length,
      };
      for (const [where, bytes] of Object.entries(brokenAt)) {
        truncateSync(file('out'), bytes);
        expect(await run('export', file('out')), where).toMatchObject({ code: 0 });
        expect(readFileSync(file('out')).equals(whole), where).toBe(true);
      }
    });

    it('is not written over a file that is no export', async () => {
      writeFileSync(file('letter'), 'Dear Ada,\nnothing of this is JSON.\n');
      const { code, stderr } = await run('export', file('letter'));
      expect(code).toBe(1);
      expect(stderr).toContain('letter is there, and is no export: name another file.');
      expect(readFileSync(file('letter'), 'utf8')).toContain('Dear Ada');
    });
  });
