import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { ChatCatalogue } from '../../../src/application/ports/chat-catalogue.ts';
import type { ChatReader } from '../../../src/application/ports/chat-reader.ts';
import type { Ownership } from '../../../src/application/ports/ownership.ts';
import type { PersonalStore } from '../../../src/application/ports/personal-store.ts';
import { exportChats } from '../../../src/application/transfer/export-chats.ts';
import { holdAllShards } from '../../../src/application/transfer/hold-all-shards.ts';
import { ChatImport } from '../../../src/application/transfer/import-chats.ts';
import { rememberedEntries } from '../../../src/application/turn/find-answer.ts';
import { type ChatId, chatId, seq, shardNumber, userId } from '../../../src/domain/ids.ts';
import { suggestShard } from '../../../src/infrastructure/in-process/suggest-shard.ts';
import { openMemoryCell } from '../../../src/infrastructure/memory/memory-cell.ts';
import { openSqliteCell } from '../../../src/infrastructure/sqlite/sqlite-cell.ts';
import { keyHash } from '../../../src/interface-adapters/amqp/command-identity.ts';
import {
  decodeTransferLine,
  encodeTransferLine,
  UnreadableLine,
} from '../../../src/interface-adapters/transfer/transfer-json.ts';
import { beginWriting, randomChatId } from '../../support/cell-harness.ts';
import { realClock } from '../../support/test-cell.ts';

type Store = {
  readonly reader: ChatReader;
  readonly personal: PersonalStore;
  readonly catalogue: ChatCatalogue;
  readonly ownership: Ownership;
};

const exported = async (store: Store): Promise<string[]> => {
  const lines: string[] = [];
  for await (const line of exportChats(store)) lines.push(encodeTransferLine(line));
  return lines;
};

const imported = async (store: Store, lines: readonly string[]) => {
  const whole = await holdAllShards(store.ownership, realClock, 0);
  const importing = new ChatImport({ whole, personal: store.personal, hashKey: keyHash, suggestShard });
  for (const [index, line] of lines.entries()) await importing.take(decodeTransferLine(line), index + 1);
  const report = await importing.end();
  await whole.release();
  return report;
};

/** The order of chats, and of an object's keys, is the store's own affair. */
const asValues = (lines: readonly string[]): unknown[] =>
  lines.toSorted((a, b) => orderOf(a).localeCompare(orderOf(b))).map((line) => JSON.parse(line));
const orderOf = (line: string): string => {
  const { entry, read, done, profile } = JSON.parse(line);
  return entry === undefined
    ? `${(read ?? done)?.chatId} ${profile?.userId} ${read?.userId}`
    : `${entry.chatId} ${String(entry.rev).padStart(9)}`;
};

/** Three chats with everything that a chat can have, the last one over several buckets. */
const written = async (store: Store): Promise<readonly ChatId[]> => {
  const harness = {
    ...store,
    begin: () => store.ownership.begin(),
    newChatId: randomChatId,
    close: async () => {},
  };
  const writing = await beginWriting(harness as never);
  const chats: ChatId[] = [];
  for (const id of ['one', 'two', 'three']) {
    const writer = writing.writer();
    chats.push(writer.chatId);
    await writing.store.claimHome(writer.chatId, shardNumber(writing.tenure.shard));
    await writing.write([writer.create({ title: id, members: ['2', '3'] })]);
    for (let bucket = 0; bucket < 3; bucket++) {
      writer.rollBucket();
      await writing.write(writer.posts(70));
    }
    await writing.write([writer.edit(5, 'edited'), writer.deleteMessage(6), writer.deleteMessage(7, 'me')]);
    await writing.write([writer.erase('1', [8, 150]), writer.react(9, '👍'), writer.removeMember('3'), writer.post()]);
  }
  await store.personal.markRead(chats[0]!, userId('2'), seq(40));
  await store.personal.putProfile({ userId: userId('2'), username: 'Zoë', avatarUrl: '/a.png' });
  await writing.end();
  return chats;
};

describe('a history that moves to another store', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
  });
  const sqlite = () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'transfer-'));
    folders.push(dataDir);
    return openSqliteCell({ dataDir });
  };

  it('is the same there: log, pages, versions, members, read markers, profiles', async () => {
    const from = sqlite();
    const chats = await written(from);
    const lines = await exported(from);
    const to = openMemoryCell();
    const report = await imported(to, lines);
    expect(report).toMatchObject({ chats: 3, present: 0, rejected: [], refused: [], incomplete: [] });
    expect(asValues(await exported(to))).toEqual(asValues(lines));
    for (const chat of chats) {
      expect(await to.reader.chat(chat)).toEqual(await from.reader.chat(chat));
      const page = { chatId: chat, anchor: { at: 'newest' }, limit: 100, fromSeq: seq(1) } as const;
      expect(await to.reader.page(page)).toEqual(await from.reader.page(page));
      expect(await to.reader.versions(chat, seq(5))).toEqual(await from.reader.versions(chat, seq(5)));
      const buckets = await to.reader.integrity(chat);
      expect(buckets.flatMap(({ missingSeqs, missingRevs }) => [...missingSeqs, ...missingRevs])).toEqual([]);
      expect(buckets.reduce((sum, { messages }) => sum + messages, 0)).toBe(211);
    }
    expect(await to.reader.readMarker(chats[0]!, userId('2'))).toEqual({ readSeq: 40, unreadFrom: null });
    await from.close();
  });

  it('is there once, however often it is imported and wherever it was cut off', async () => {
    const from = openMemoryCell();
    await written(from);
    const lines = await exported(from);
    const to = sqlite();
    await imported(to, lines.slice(0, Math.floor(lines.length / 2)));
    const again = await imported(to, lines);
    expect(again.present).toBeGreaterThan(0);
    expect(again.written).toBeGreaterThan(0);
    expect(await imported(to, lines)).toMatchObject({ written: 0, refused: [] });
    expect(asValues(await exported(to))).toEqual(asValues(lines));
    await to.close();
  });

  it('leaves a chat alone that is another one of the same id, and one with a hole', async () => {
    const from = openMemoryCell();
    const [first, second] = await written(from);
    const lines = await exported(from);
    const of = (chat: ChatId | undefined, n: number) => lines.filter((line) => line.includes(`"${chat}"`))[n]!;
    const to = openMemoryCell();
    await imported(to, [of(first, 0), of(first, 1)]);
    const other = of(first, 0).replace(/"fingerprint":"[^"]*"/, '"fingerprint":"of another one"');
    const read = JSON.stringify({ read: { chatId: first, userId: '1', readSeq: 1, unreadFrom: null } });
    const report = await imported(to, [other, of(first, 2), of(second, 0), of(second, 2), read]);
    expect(report.refused).toEqual([
      { line: 1, chatId: first, reason: 'another chat of this id is there: entry 1 is not the same' },
      { line: 4, chatId: second, reason: 'entry 3 comes where entry 2 is due' },
    ]);
    expect((await to.reader.head(first!))?.rev).toBe(2);
    expect(await to.reader.readMarker(first!, userId('1'))).toEqual({ readSeq: 0, unreadFrom: null });
  });

  it('takes the commands of another system at their own times, refuses what cannot be, and takes each once', async () => {
    const to = openMemoryCell();
    const command = (at: string, fields: object) =>
      JSON.stringify({ command: { chat_id: 'old', sender_id: 7, ...fields }, at });
    const lines = [
      command('2019-01-01T10:00:00Z', { type: 'chat.create', client_message_id: 'c', kind: 'group', member_ids: [8] }),
      command('2019-01-01T10:00:01.5Z', { type: 'message.post', client_message_id: 'm1', body: 'in the old days' }),
      command('2024-06-01T00:00:00Z', { type: 'message.edit', client_message_id: 'e1', seq: 1, body: 'later' }),
      command('2024-06-01T00:00:00Z', { type: 'message.edit', client_message_id: 'e2', seq: 9, body: 'of nothing' }),
    ];
    const report = await imported(to, lines);
    expect(report).toMatchObject({ written: 3, rejected: [{ line: 4, code: 'TARGET_NOT_FOUND' }] });
    const [version] = await to.reader.versions(chatId('old'), seq(1));
    expect(version).toMatchObject({ body: 'in the old days', at: Date.parse('2019-01-01T10:00:01.5Z') * 1000 });
    expect(await imported(to, lines)).toMatchObject({ written: 0, present: 3 });
  });

  it('takes each command once, however long the chat', { timeout: 60_000 }, async () => {
    const to = openMemoryCell();
    const command = (id: number, fields: object) =>
      JSON.stringify({ command: { chat_id: 'long', sender_id: 7, client_message_id: `c${id}`, ...fields }, at });
    const at = '2019-01-01T10:00:00Z';
    const lines = [command(0, { type: 'chat.create', kind: 'group', member_ids: [8] })];
    for (let id = 1; id <= rememberedEntries + 1_000; id++)
      lines.push(command(id, { type: 'message.post', body: 'x' }));
    expect(await imported(to, lines)).toMatchObject({ written: lines.length });
    const again = [...lines.slice(0, 200), ...lines.slice(-200)];
    expect(await imported(to, again)).toMatchObject({ written: 0, present: 400 });
  });

  it('is refused while an instance serves the store', async () => {
    const to = openMemoryCell();
    const living = await to.ownership.begin();
    for (let shard = 0; shard < to.ownership.shardCount; shard++) await living.take(shardNumber(shard), async () => {});
    await expect(imported(to, [])).rejects.toThrow(/^16 of 16 shards are served by a running instance: stop every/);
  });

  it.each([
    ['{"entry":', /^it is not JSON/],
    ['{"entry":{"type":"message.posted"}}', /^entry\.chatId: /],
    ['{"else":1}', /^it is none of/],
    ['{"command":{"type":"message.post"},"at":"2019-01-01T10:00:00Z"}', /^command: /],
    ['{"command":{},"at":"yesterday"}', /at/],
  ])('says what is wrong with %s', (text, sentence) => {
    expect(() => decodeTransferLine(text)).toThrow(UnreadableLine);
    expect(() => decodeTransferLine(text)).toThrow(sentence);
  });
});
