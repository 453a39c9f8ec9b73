import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../../src/application/decision.ts';
import { defaultSettings } from '../../../src/domain/chat/chat-state.ts';
import type { Entry } from '../../../src/domain/chat/entry.ts';
import { chatId, clientMessageId, micros, rev, type Seq, seq, shardNumber, userId } from '../../../src/domain/ids.ts';
import { openSqliteCell, type SqliteCell } from '../../../src/infrastructure/sqlite/sqlite-cell.ts';
import { bigChat, createdAt, makeVersion1, oddChat, oddTitle } from './version-1.ts';

const odd = chatId(oddChat);
const founder = { role: 'member', fromSeq: 1, fromRev: 1, mutedUntil: null, hides: false };
const settings = { ...defaultSettings, title: oddTitle };

let dataDir: string;
let cell: SqliteCell;

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'chat-messaging-'));
  makeVersion1(dataDir);
  cell = openSqliteCell({ dataDir });
});
afterEach(async () => {
  await cell.close();
  rmSync(dataDir, { recursive: true });
});

const post = (at: Seq): Entry => ({
  type: 'message.posted',
  chatId: odd,
  rev: rev(at + 1),
  seq: at,
  senderId: userId('5'),
  clientMessageId: clientMessageId(`c-${at}`),
  fingerprint: 'print',
  sentAt: 'once',
  at: micros(createdAt + at),
  recipients: ['5', '10', '2'].map(userId),
  body: `text ${at}`,
  recipientId: null,
  extras: null,
});

describe('a data folder of version 1', () => {
  it('keeps its shards and homes', async () => {
    expect(cell.ownership.shardCount).toBe(8);
    expect(await cell.reader.home(odd)).toBe(3);
    const session = await cell.ownership.begin();
    expect(await session.take(shardNumber(3), async () => {})).toMatchObject({ epoch: 8 });
  });

  it('keeps its chats, with the settings that are new', async () => {
    expect(await cell.reader.chat(odd)).toEqual({
      id: odd,
      kind: 'group',
      settings,
      members: [
        { userId: '5', ...founder, role: 'owner' },
        { userId: '10', ...founder },
        { userId: '2', ...founder },
      ],
      lastSeq: 3,
      rev: 4,
      firstSeq: 1,
      firstRev: 1,
    });
    const session = await cell.ownership.begin();
    expect((await session.store.open(chatId('d-1')))?.state).toMatchObject({ settings: defaultSettings, large: false });
    expect((await session.store.open(chatId(bigChat)))?.state).toMatchObject({ settings: { title: '' }, large: true });
    expect((await session.store.open(odd))?.state).toMatchObject({ settings, large: false });
  });

  it('keeps its log', async () => {
    const page = await cell.reader.changes(odd, { rev: rev(0), seq: seq(0) }, 10);
    const created = expect.objectContaining({ type: 'chat.created', settings, at: createdAt });
    expect(page).toMatchObject({ entries: [created, ...[1, 2, 3].map((at) => post(seq(at)))], hasMore: false });
    expect(page === 'gone' ? page : page?.entries[0]).not.toHaveProperty('title');
  });

  it('lists its chats', async () => {
    const list = await cell.reader.chatsOf({ userId: userId('2'), limit: 10, after: undefined });
    expect(list).toMatchObject([
      { id: odd, activeAt: createdAt + 3, lastMessage: { body: 'text 3', version: 1 }, unread: 3 },
      { id: 'd-1', activeAt: createdAt, lastMessage: null, unread: 0 },
    ]);
  });

  it('goes on with its messages', async () => {
    const session = await cell.ownership.begin();
    const base = { chatId: odd, senderId: userId('5'), fingerprint: 'new', sentAt: 'now', at: micros(createdAt + 9) };
    const {
      senderId,
      clientMessageId: id,
      sentAt,
      at,
      recipientId,
      extras,
    } = post(seq(2)) as ReturnType<typeof post> & {
      type: 'message.posted';
    };
    const edit: Entry = {
      ...base,
      type: 'message.edited',
      rev: rev(5),
      clientMessageId: clientMessageId('edit'),
      recipients: null,
      seq: seq(2),
      post: { senderId, clientMessageId: id, sentAt, at, recipientId, extras },
      body: 'better',
      version: 2,
    };
    const decision: Decision = {
      v: 1,
      chatId: odd,
      shard: shardNumber(3),
      epoch: 8,
      n: 1,
      outcome: {
        kind: 'accepted',
        entries: [edit],
        placement: {
          bucket: 0,
          nextSeq: seq(4),
          nextRev: rev(6),
          activeAt: null,
          opens: null,
          keys: null,
          targets: [{ seq: seq(2), bucket: 0, version: 1 }],
          large: false,
          dropsFrom: null,
        },
      },
    };
    await session.store.commit([decision]);
    expect(await cell.reader.message(odd, seq(2))).toMatchObject({ body: 'better', version: 2, changedRev: 5 });
    expect(await session.store.entryAt(odd, { rev: rev(3), seq: seq(2) })).toEqual(post(seq(2)));
    expect(await session.store.target(odd, seq(1), userId('5'))).toMatchObject({ bucket: 0, own: [] });
  });

  it('knows who was in its chats, and who wrote there without being in any more', async () => {
    await cell.close();
    rmSync(dataDir, { recursive: true });
    dataDir = mkdtempSync(join(tmpdir(), 'chat-messaging-'));
    makeVersion1(dataDir);
    const database = new DatabaseSync(join(dataDir, 'chats.sqlite'));
    database.prepare("UPDATE messages SET sender_id = 'gone' WHERE chat_id = ? AND seq = 2").run(odd);
    database.close();
    cell = openSqliteCell({ dataDir });
    for (const user of ['5', '10', 'gone'])
      expect(await cell.catalogue.chatsEverOf(userId(user), undefined, 10), user).toContainEqual({
        chatId: odd,
        position: odd,
      });
  });

  it('is migrated once', async () => {
    await cell.close();
    cell = openSqliteCell({ dataDir });
    expect(await cell.reader.chat(odd)).toMatchObject({ settings });
    await cell.close();
    const database = new DatabaseSync(join(dataDir, 'chats.sqlite'), { readOnly: true });
    expect(database.prepare('PRAGMA user_version').get()?.user_version).toBe(4);
    expect(database.prepare('PRAGMA integrity_check').get()?.integrity_check).toBe('ok');
    database.close();
    cell = openSqliteCell({ dataDir });
  });
});

describe('a new data folder', () => {
  it('has the very tables of one that was migrated', async () => {
    const other = mkdtempSync(join(tmpdir(), 'chat-messaging-'));
    await openSqliteCell({ dataDir: other }).close();
    const tables = (folder: string) => {
      const database = new DatabaseSync(join(folder, 'chats.sqlite'), { readOnly: true });
      const rows = database.prepare('SELECT name, sql FROM sqlite_schema ORDER BY name').all();
      database.close();
      return rows;
    };
    await cell.close();
    expect(tables(dataDir)).toEqual(tables(other));
    rmSync(other, { recursive: true });
    cell = openSqliteCell({ dataDir });
  });
});
