import { beforeEach, describe, expect, it } from 'vitest';
import type { Clock, Logger } from '../../../src/application/ports/system.ts';
import { noTelemetry } from '../../../src/application/ports/telemetry.ts';
import type { RunCommandResult } from '../../../src/application/use-cases/run-command.ts';
import { type SweepDeps, sweepRetention } from '../../../src/application/use-cases/sweep-retention.ts';
import type { ChatSettings } from '../../../src/domain/chat/chat-state.ts';
import type { Command, TrimChat } from '../../../src/domain/chat/command.ts';
import { type ChatId, type Micros, micros, shardNumber } from '../../../src/domain/ids.ts';
import { openMemoryCell } from '../../../src/infrastructure/memory/memory-cell.ts';
import { retentionTrim } from '../../../src/interface-adapters/amqp/chat-commands.ts';
import { beginWriting, randomChatId, type WritingSession } from '../../support/cell-harness.ts';
import type { ChatWriter } from '../../support/decisions.ts';
import { quietLogger } from '../../support/test-cell.ts';

const day = 24 * 3600 * 1_000_000;
const now = micros(1_000 * day);

let memory: ReturnType<typeof openMemoryCell>;
let writing: WritingSession;
let writers: Map<ChatId, ChatWriter>;
let sent: TrimChat[];
let slept: number[];
const never = new AbortController().signal;

beforeEach(async () => {
  memory = openMemoryCell({ shards: 4 });
  const { reader, personal, catalogue, ownership } = memory;
  const begin = () => ownership.begin();
  writing = await beginWriting({ reader, personal, catalogue, begin, newChatId: randomChatId, close: async () => {} });
  writers = new Map();
  sent = [];
  slept = [];
});

/** One bucket of two messages for each of these ages, in days; the last one is open. */
const chat = async (ages: readonly number[], settings: Partial<ChatSettings> = {}, home = 0) => {
  const writer = writing.writer();
  writers.set(writer.chatId, writer);
  await writing.store.claimHome(writer.chatId, shardNumber(home));
  const decisions = ages.flatMap((age, index) => {
    const at = micros(now - age * day) as Micros;
    if (index > 0) writer.rollBucket();
    const first = index === 0 ? [writer.create({ settings, at })] : [];
    return [...first, writer.post({ at }), writer.post({ at })];
  });
  await writing.write(decisions);
  return writer;
};

const clock: Clock = {
  now: () => now,
  monotonicMs: () => 0,
  sleep: async (ms, signal) => {
    signal?.throwIfAborted();
    slept.push(ms);
  },
};

const done: RunCommandResult = { kind: 'ok', event: '', replayed: false };
const decide = async (command: Command): Promise<RunCommandResult> => {
  const { bucket, firstSeq, firstRev, chatId, clientMessageId } = command as TrimChat;
  sent.push(command as TrimChat);
  const wish = { type: 'chat.trim' as const, bucket, firstSeq, firstRev };
  await writing.write([writers.get(chatId)!.decide(wish, { clientMessageId, at: now })]);
  return done;
};

const sweep = (over: Partial<SweepDeps> = {}, signal = never) =>
  sweepRetention({
    catalogue: memory.catalogue,
    reader: memory.reader,
    runCommand: decide,
    trimCommand: retentionTrim,
    holds: () => true,
    clock,
    logger: quietLogger,
    telemetry: noTelemetry,
    defaultDays: 30,
    chatsPerSecond: 50,
    ...over,
  })(signal);

const firstSeq = async ({ chatId }: ChatWriter) => (await memory.reader.chat(chatId))?.firstSeq;

describe('a retention sweep', () => {
  it('drops the buckets that are wholly too old, and nothing the next time', async () => {
    const old = await chat([90, 60, 45, 10]);
    const young = await chat([20, 10]);
    expect(await sweep()).toEqual({ chats: 2, trimmed: 1, buckets: 2, messages: 4, failed: 0 });
    expect([await firstSeq(old), await firstSeq(young)]).toEqual([5, 1]);
    expect(await sweep()).toEqual({ chats: 2, trimmed: 0, buckets: 0, messages: 0, failed: 0 });
    expect(sent.map(({ senderId, clientMessageId }) => [senderId, clientMessageId])).toEqual([
      ['system', 'retention-2'],
    ]);
  });

  it('goes by the chat’s own setting where there is one, longer or shorter', async () => {
    const short = await chat([90, 60, 8, 1], { retentionDays: 7 });
    const long = await chat([90, 60, 8, 1], { retentionDays: 365 });
    await sweep();
    expect([await firstSeq(short), await firstSeq(long)]).toEqual([5, 1]);
    const changed = await chat([90, 60, 8, 1]);
    await writing.write([changed.update({ retentionDays: 70 }, { at: now })]);
    await sweep();
    expect(await firstSeq(changed)).toBe(1);
  });

  it('keeps for ever what nobody has limited', async () => {
    const unlimited = await chat([900, 600, 1]);
    const limited = await chat([900, 600, 1], { retentionDays: 7 });
    await sweep({ defaultDays: undefined });
    expect([await firstSeq(unlimited), await firstSeq(limited)]).toEqual([1, 3]);
  });

  it('keeps the newest bucket of a chat that nobody uses any more', async () => {
    const quiet = await chat([900, 800]);
    await sweep();
    expect(await firstSeq(quiet)).toBe(3);
    expect(await sweep()).toMatchObject({ trimmed: 0 });
  });

  it('drops as many as one command may, again and again', async () => {
    const long = await chat(Array.from({ length: 130 }, (_, n) => 500 - n));
    expect(await sweep()).toMatchObject({ trimmed: 1, buckets: 129, messages: 258 });
    expect(sent.map(({ bucket }) => bucket)).toEqual([50, 100, 129]);
    expect(await firstSeq(long)).toBe(259);
  });

  it('looks at the chats of shards that this instance holds, and at no others', async () => {
    const [mine, other] = [await chat([90, 60, 1], {}, 1), await chat([90, 60, 1], {}, 2)];
    expect(await sweep({ holds: (shard) => shard === 1 })).toMatchObject({ chats: 1 });
    expect([await firstSeq(mine), await firstSeq(other)]).toEqual([3, 1]);
  });

  it('keeps its pace', async () => {
    for (let n = 0; n < 10; n++) await chat([1]);
    await sweep({ chatsPerSecond: 2 });
    expect(slept.reduce((sum, ms) => sum + ms, 0)).toBe(5_000);
  });

  it('leaves a chat that fails to the next time, says so, and goes on', async () => {
    const chats = [await chat([90, 60, 1]), await chat([90, 60, 1]), await chat([90, 60, 1])];
    const bad = chats[1]!.chatId;
    const warned: object[] = [];
    const logger: Logger = { ...quietLogger, warn: (fields) => void warned.push(fields) };
    const runCommand: SweepDeps['runCommand'] = async (command) => {
      if (command.chatId !== bad) return decide(command);
      return { kind: 'rejected', rejection: { code: 'POLICY_DENIED', reason: 'not here' } };
    };
    expect(await sweep({ runCommand, logger })).toMatchObject({ chats: 3, trimmed: 2, failed: 1 });
    expect(warned).toMatchObject([{ chatId: bad }]);
    expect(await sweep()).toMatchObject({ trimmed: 1, failed: 0 });
  });

  it('ends when the service stops', async () => {
    for (let n = 0; n < 10; n++) await chat([90, 60, 1]);
    const stopping = new AbortController();
    const runCommand: SweepDeps['runCommand'] = async (command) => {
      stopping.abort(new Error('stopping'));
      return decide(command);
    };
    await expect(sweep({ runCommand }, stopping.signal)).rejects.toThrow('stopping');
    expect(sent.length).toBeLessThan(10);
  });

  it('passes over a chat that has a home and nothing else yet', async () => {
    await writing.store.claimHome(randomChatId(), shardNumber(0));
    expect(await sweep()).toEqual({ chats: 1, trimmed: 0, buckets: 0, messages: 0, failed: 0 });
  });
});
