import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { begunIn } from '../../../ops/transfer/begun.ts';
import { type FileLine, linesOf } from '../../../ops/transfer/lines.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'export-'));
  file = join(folder, 'history.ndjson');
});
afterEach(() => rmSync(folder, { recursive: true }));

const lines = async (content: string) => {
  writeFileSync(file, content);
  const found: FileLine[] = [];
  for await (const line of linesOf(file)) found.push(line);
  return found;
};

describe('the lines of a file', () => {
  it('end with a line feed and nothing else', async () => {
    expect(await lines('{"a":"ä\u2028b\u2029c\rd"}\n\nnext\n')).toEqual([
      { text: '{"a":"ä\u2028b\u2029c\rd"}', end: 21, whole: true },
      { text: '', end: 22, whole: true },
      { text: 'next', end: 27, whole: true },
    ]);
    expect(await lines('')).toEqual([]);
  });

  it('are whole, however the file is read', async () => {
    const texts = Array.from({ length: 50 }, (_, index) => `${index}${'ü🎉'.repeat(index * 300)}`);
    const found = await lines(texts.map((text) => `${text}\n`).join(''));
    expect(found.map(({ text }) => text)).toEqual(texts);
  });

  it('say when the last one was cut off', async () => {
    expect(await lines('one\ntwo')).toEqual([
      { text: 'one', end: 4, whole: true },
      { text: 'two', end: 7, whole: false },
    ]);
  });
});

describe('an export that was cut off', () => {
  const done = (id: string) => `{"done":{"chatId":"${id}","position":"at ${id}","complete":true}}\n`;
  const begun = async (content: string) => {
    writeFileSync(file, content);
    return begunIn(file);
  };

  it('goes on behind the last chat that is complete', async () => {
    const complete = `{"entry":{"body":"ä\u2028"}}\n${done('a')}{"entry":{}}\n${done('b')}`;
    const bytes = Buffer.byteLength(complete);
    expect(await begun(complete)).toEqual({ after: 'at b', bytes, chats: 2 });
    expect(await begun(`${complete}{"entry":{}}\n{"ent`)).toEqual({ after: 'at b', bytes, chats: 2 });
    for (const cut of [1, 8, 20, done('c').length - 1])
      expect(await begun(complete + done('c').slice(0, cut))).toEqual({ after: 'at b', bytes, chats: 2 });
    expect(await begun('{"ent')).toEqual({ after: undefined, bytes: 0, chats: 0 });
    expect(await begun('')).toEqual({ after: undefined, bytes: 0, chats: 0 });
  });

  it('is not written over something else', async () => {
    await expect(begun('my diary\n')).rejects.toThrow(/is no export: name another file/);
  });
});
