import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { micros, rev, seq, shardNumber, userId } from '../../../src/domain/ids.ts';
import {
  openSqliteCell,
  type SqliteCell,
  type SqliteCellOptions,
} from '../../../src/infrastructure/sqlite/sqlite-cell.ts';
import { beginWriting, randomChatId } from '../../support/cell-harness.ts';

const cellModule = fileURLToPath(new URL('../../../src/infrastructure/sqlite/sqlite-cell.ts', import.meta.url));
const quiet = { debug() {}, info() {}, error() {} };

let dataDir: string;
const cells: SqliteCell[] = [];

const open = (options: Partial<SqliteCellOptions> = {}): SqliteCell => {
  const cell = openSqliteCell({ dataDir, ...options });
  cells.push(cell);
  return cell;
};
const writeTo = ({ reader, personal, catalogue, ownership, close }: SqliteCell) =>
  beginWriting({ reader, personal, catalogue, begin: () => ownership.begin(), newChatId: randomChatId, close });

beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'chat-messaging-'));
});
afterEach(async () => {
  for (const cell of cells.splice(0)) await cell.close();
  rmSync(dataDir, { recursive: true });
});

describe('the SQLite cell', () => {
  it('keeps everything when it is closed and opened again', async () => {
    const first = open();
    const former = await writeTo(first);
    const writer = former.writer();
    const decisions = [writer.create({ title: 'kept' }), ...writer.posts(80)];
    writer.rollBucket();
    await former.write([...decisions, ...writer.posts(3)]);
    await former.store.claimHome(writer.chatId, shardNumber(9));
    const snapshot = await former.store.open(writer.chatId);
    await first.close();

    const second = open();
    const session = await second.ownership.begin();
    expect(await session.store.open(writer.chatId)).toEqual(snapshot);
    expect(await session.store.home(writer.chatId)).toBe(9);
    expect(await session.store.keyBlocks(writer.chatId, rev(65), micros(0), 64)).toHaveLength(1);
    for (const [index, entry] of writer.entries.entries()) {
      const position = { rev: rev(index + 1), seq: index === 0 ? undefined : seq(index) };
      expect(await session.store.entryAt(writer.chatId, position)).toEqual(entry);
    }
    expect(await session.take(former.tenure.shard, async () => {})).toEqual({
      shard: former.tenure.shard,
      epoch: former.tenure.epoch + 1,
    });
  });

  it('has written a commit to the disk’s log before it says so', async () => {
    const writing = await writeTo(open());
    const writer = writing.writer();
    await writing.write([writer.create(), writer.post()]);
    const other = new DatabaseSync(join(dataDir, 'chats.sqlite'), { readOnly: true });
    expect(other.prepare('SELECT count(*) AS count FROM messages WHERE chat_id = ?').get(writer.chatId)?.count).toBe(1);
    expect(other.prepare('PRAGMA journal_mode').get()?.journal_mode).toBe('wal');
    other.close();
  });

  it('stores the packed keys of every 64 entries', async () => {
    const writing = await writeTo(open());
    const writer = writing.writer();
    await writing.write([writer.create(), ...writer.posts(130)]);
    const other = new DatabaseSync(join(dataDir, 'chats.sqlite'), { readOnly: true });
    const rows = other
      .prepare('SELECT first_rev, keys FROM entry_keys WHERE chat_id = ? ORDER BY 1')
      .all(writer.chatId);
    expect(rows.map((row) => row.first_rev)).toEqual([1, 65]);
    expect(rows.map((row) => row.keys)).toEqual([writer.keys.block(rev(1)), writer.keys.block(rev(65))]);
    other.close();
  });

  it('waits with a commit while the file cannot be written, and says so', async () => {
    const { promise: warned, resolve: warn } = Promise.withResolvers<void>();
    const writing = await writeTo(open({ logger: { ...quiet, warn: () => warn() } }));
    const writer = writing.writer();
    const other = new DatabaseSync(join(dataDir, 'chats.sqlite'));
    other.exec('BEGIN IMMEDIATE');
    let stored = false;
    const commit = writing.store.commit([writer.create(), writer.post()]).then(() => {
      stored = true;
    });
    await warned;
    expect(stored).toBe(false);
    expect(await writing.store.open(writer.chatId)).toBeUndefined();
    other.exec('ROLLBACK');
    other.close();
    await commit;
    expect(await writing.store.open(writer.chatId)).toMatchObject({ state: { nextSeq: 2 } });
  });

  it('refuses a data folder that this process uses already', () => {
    open();
    expect(() => open()).toThrow(
      `the data folder ${dataDir} is in use by another process; stop it, or set DATA_DIR to another folder`,
    );
  });

  it('refuses a data folder that another process uses, and takes it when that one is killed', async () => {
    const program = `
      const { openSqliteCell } = await import(${JSON.stringify(cellModule)});
      openSqliteCell({ dataDir: ${JSON.stringify(dataDir)} });
      console.log('open');
      setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    try {
      await once(child.stdout, 'data');
      expect(() => open()).toThrow('is in use by another process; stop it, or set DATA_DIR to another folder');
    } finally {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await expect(open().reader.ping()).resolves.toBeUndefined();
  });

  it('makes the data folder, and those above it', async () => {
    const cell = open({ dataDir: join(dataDir, 'a', 'b') });
    await expect(cell.reader.ping()).resolves.toBeUndefined();
  });

  it('says which folder it cannot write, and what to do', () => {
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    expect(() => open({ dataDir: join(file, 'data') })).toThrow(
      /^the data folder \S+\/file\/data cannot be written \(ENOTDIR.*\); give this user the right to, or set DATA_DIR to another folder$/,
    );
    mkdirSync(join(dataDir, 'chats.sqlite'));
    expect(() => open()).toThrow(/^the data folder \S+ cannot be written \(unable to open database file\); .*DATA_DIR/);
  });

  it.each(['chats.sqlite', 'lock'])('says that %s is damaged, and frees the folder', async (file) => {
    writeFileSync(join(dataDir, file), 'not a database at all, '.repeat(100));
    expect(() => open()).toThrow(/^a file in the data folder \S+ is damaged \(file is not a database\); .*DATA_DIR/);
    rmSync(join(dataDir, file));
    await expect(open().reader.ping()).resolves.toBeUndefined();
  });

  it('has no trace of an erased text in any of its files, once the user is forgotten', async () => {
    const cell = open();
    const writing = await writeTo(cell);
    const writer = writing.writer();
    const secrets = ['s3cret-post', 's3cret-edit', 's3cret-name'];
    const traces = () =>
      readdirSync(dataDir).flatMap((file) => {
        const bytes = readFileSync(join(dataDir, file));
        return secrets.filter((secret) => bytes.includes(secret));
      });
    await writing.write([writer.create(), ...writer.posts(30, { body: `${secrets[0]} ${'x'.repeat(300)}` })]);
    await writing.write([writer.edit(7, secrets[1]!), writer.edit(7, `${secrets[1]} again`), writer.deleteMessage(8)]);
    await cell.personal.putProfile({ userId: userId('1'), username: secrets[2]!, avatarUrl: '' });
    expect(new Set(traces())).toEqual(new Set(secrets));
    await writing.write([
      writer.erase(
        '1',
        writer.views.map(({ seq }) => seq),
      ),
    ]);
    await cell.personal.forget(userId('1'));
    expect(traces()).toEqual([]);
    expect(await cell.reader.message(writer.chatId, seq(7))).toMatchObject({ body: '', version: 3, removed: 'erased' });
  });

  it('leaves the tables of a later version alone', async () => {
    await open().close();
    const database = new DatabaseSync(join(dataDir, 'chats.sqlite'));
    database.exec('PRAGMA user_version = 99');
    database.close();
    expect(() => open()).toThrow(/cannot be used: its tables have version 99/);
  });

  it('has 16 shards, or as many as it was begun with', async () => {
    const first = open();
    expect(first.ownership.shardCount).toBe(16);
    await first.close();
    const second = open({ dataDir: join(dataDir, 'other'), shards: 3 });
    expect((await (await second.ownership.begin()).view()).shards).toHaveLength(3);
  });

  it('keeps its number of shards, which can be raised and never lowered', async () => {
    await open({ shards: 8 }).close();
    const same = open();
    expect(same.ownership.shardCount).toBe(8);
    await same.close();
    const raised = open({ shards: 12 });
    expect(raised.ownership.shardCount).toBe(12);
    await raised.close();
    expect(() => open({ shards: 8 })).toThrow(RangeError);
    expect(() => open({ shards: 8 })).toThrow('the store has 12 shards');
    expect(open({ shards: 12 }).ownership.shardCount).toBe(12);
  });

  it.each([0, 1.5, Number.NaN])('cannot have %d shards', (shards) => {
    expect(() => open({ shards })).toThrow(RangeError);
  });

  it('rejects reads when it is closed', async () => {
    const cell = open();
    await cell.close();
    await expect(cell.reader.ping()).rejects.toThrow();
    await expect(cell.reader.chat(randomChatId())).rejects.toThrow();
  });
});
