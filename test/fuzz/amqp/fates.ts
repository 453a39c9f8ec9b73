import { isDeepStrictEqual } from 'node:util';
import { startActorSystem } from '../../../actors/kit/actor-system.ts';
import { spawnPolicyActor } from '../../../actors/policy/policy.actor.ts';
import { startCell } from '../../../actors/shard/guardian.ts';
import { isEntry } from '../../../src/application/decision.ts';
import type { EventPublisher } from '../../../src/application/ports/event-publisher.ts';
import type { Logger } from '../../../src/application/ports/system.ts';
import { defaultBucketLimits } from '../../../src/application/turn/decide-command.ts';
import type { Command } from '../../../src/domain/chat/command.ts';
import { chatId, clientMessageId, parseChatId, rev, seq, userId } from '../../../src/domain/ids.ts';
import { CedarPolicyEngine } from '../../../src/infrastructure/cedar/cedar-policy-engine.ts';
import { openMemoryCell } from '../../../src/infrastructure/memory/memory-cell.ts';
import { keyHash } from '../../../src/interface-adapters/amqp/command-identity.ts';
import { createChatCommand, decodeCommands } from '../../../src/interface-adapters/amqp/command-json.ts';
import type { BrokerHarness } from '../../contract/broker.contract.ts';
import { create, post } from '../../support/commands.ts';
import { quietLogger, realClock } from '../../support/test-cell.ts';
import { until } from '../../support/until.ts';
import { chats, members, type SentBody } from './any-body.ts';

export const shardCount = 4;
/** Few: a body that is never settled soon stands in everybody's way. */
export const prefetch = 8;

/** What became of what was sent. */
export type Counts = { bodies: number; entries: number; repeats: number; rejections: number; deadLetters: number };
export const noCounts = (): Counts => ({ bodies: 0, entries: 0, repeats: 0, rejections: 0, deadLetters: 0 });

const policies = CedarPolicyEngine.load('policies');
const goodChats = Array.from({ length: 8 }, (_, n) => `good-${n}`);

/** The real actors and policies over the memory store, behind any broker; sees to it that every body has exactly one fate. */
export const sendAll = async (broker: BrokerHarness, bodies: readonly SentBody[], counts: Counts): Promise<void> => {
  const alarms: string[] = [];
  const alarm = (fields: object, message: string) =>
    void alarms.push(`${message}: ${(fields as { err?: Error }).err?.stack}`);
  const logger: Logger = { ...quietLogger, error: alarm };
  const memory = openMemoryCell({ shards: shardCount });
  const system = startActorSystem();
  const policy = spawnPolicyActor(system, policies, { clock: realClock, logger });
  const fates = new Map<string, { entries: number; repeats: number; rejections: number }>();
  const publisher = watched(broker.publisher, fates);
  const cell = startCell({
    system,
    ownership: memory.ownership,
    consumer: broker.consumer,
    publisher,
    policy,
    hashKey: keyHash,
    clock: realClock,
    logger,
    limits: defaultBucketLimits,
    residency: { maxChats: 3, idleMs: 60_000 },
  });
  try {
    for (const chat of goodChats) await answered(broker, create(chat), 'chat.created');
    // Some of the chats are there, with messages to be about; the others are up to the bodies.
    for (const chat of chats.slice(0, 4)) {
      await answered(broker, group(chat), 'chat.created');
      for (let n = 1; n <= 6; n++) await answered(broker, post(chat, `before ${n}`), 'message.posted');
    }
    const expected = bodies.map(({ body, isValid }) => {
      const decoded = decodeCommands(body);
      if (isValid && !decoded.ok) throw new Error(`a valid body is refused, ${decoded.reason}: ${body}`);
      return decoded.ok ? decoded.commands.length : 0;
    });
    const fateOf = (index: number) => fates.get(traceparent(index)) ?? { entries: 0, repeats: 0, rejections: 0 };
    const answersTo = (index: number) => Object.values(fateOf(index)).reduce((sum, count) => sum + count, 0);
    const unreadable = bodies.filter((_, index) => expected[index] === 0).map(({ body }) => body.toString('latin1'));
    const before = (await broker.deadLetters()).length;

    await Promise.all(
      bodies.map(({ body, route }, index) => broker.publishRaw(body, route, { traceparent: traceparent(index) })),
    );
    const open = () => bodies.flatMap((_, index) => (answersTo(index) < expected[index]! ? [index] : []));
    const explain = (error: unknown) => {
      const bodiesLeft = open().map(
        (index) => `${answersTo(index)} of ${expected[index]} answers: ${bodies[index]!.body}`,
      );
      throw new Error([String(error), ...bodiesLeft, ...alarms].join('\n'), { cause: error });
    };
    await until('every command is answered', () => open().length === 0 || alarms.length > 0).catch(explain);
    await until('what nobody can read is among the dead letters', async () => {
      return (await broker.deadLetters()).length >= before + unreadable.length;
    }).catch(explain);

    // Everybody is served still: those nobody meddled with, and those that got all of it.
    for (const chat of goodChats) await answered(broker, post(chat, 'afterwards'), 'message.posted');
    for (const chat of chats) await answered(broker, post(chat, 'afterwards'));

    const tooOften = bodies.findIndex((_, index) => answersTo(index) !== expected[index]);
    if (tooOften >= 0) throw new Error(`answered ${answersTo(tooOften)} times: ${bodies[tooOften]!.body}`);
    const letters = (await broker.deadLetters()).slice(before);
    const bodiesOfLetters = letters.map(({ body }) => Buffer.from(body).toString('latin1'));
    if (!isDeepStrictEqual(bodiesOfLetters.sort(), unreadable.sort())) throw new Error('the dead letters are others');
    for (const { reason } of letters)
      if (reason === '' || reason.length > 2_000) throw new Error(`a reason that says nothing, or too much: ${reason}`);
    if (alarms.length > 0) throw new Error(alarms.join('\n'));
    for (const [index] of bodies.entries()) {
      const { entries, repeats, rejections } = fateOf(index);
      counts.entries += entries;
      counts.repeats += repeats;
      counts.rejections += rejections;
    }
    counts.bodies += bodies.length;
    counts.deadLetters += letters.length;
    for (const chat of [...goodChats, ...chats]) await isDense(memory.reader, chat);
  } finally {
    await cell.stop(1_000);
    policy.stop();
    system.stop();
  }
};

const group = (chat: string) =>
  createChatCommand(
    { chatId: chatId(chat), senderId: userId('1'), clientMessageId: clientMessageId('create') },
    { kind: 'group', memberIds: members.map(userId) },
  );

/** What a body is known by on its whole way. */
const traceparent = (index: number): string => `00-${(index + 1).toString(16).padStart(32, '0')}-00000000000000f1-01`;

const watched = (
  publisher: EventPublisher,
  fates: Map<string, { entries: number; repeats: number; rejections: number }>,
): EventPublisher => ({
  lane: (...args) => {
    const lane = publisher.lane(...args);
    return {
      publish: (announcement, onConfirmed) => {
        const { traceparent: key = '', answer, replayed } = announcement;
        const fate = fates.get(key) ?? { entries: 0, repeats: 0, rejections: 0 };
        fate[replayed ? 'repeats' : isEntry(answer) ? 'entries' : 'rejections']++;
        fates.set(key, fate);
        lane.publish(announcement, onConfirmed);
      },
      close: () => lane.close(),
    };
  },
});

const answered = async ({ sender }: BrokerHarness, command: Command, type?: string): Promise<void> => {
  const { event } = await sender.send(command, 10_000);
  if (type !== undefined && JSON.parse(event).type !== type)
    throw new Error(`a good command was answered with ${event}`);
};

/** All that was accepted is in the log, without a gap. */
const isDense = async (reader: ReturnType<typeof openMemoryCell>['reader'], chat: string): Promise<void> => {
  const view = await reader.chat(parseChatId(chat)!);
  if (view === undefined) return;
  const { firstRev, firstSeq, rev: last } = view;
  let position = { rev: rev(firstRev - 1), seq: seq(firstSeq - 1) };
  for (let hasMore = true; hasMore; ) {
    const page = await reader.changes(view.id, position, 100);
    if (page === undefined || page === 'gone') throw new Error(`the log of ${chat} is ${page}`);
    for (const [index, entry] of page.entries.entries())
      if (entry.rev !== position.rev + index + 1) throw new Error(`${chat} has a gap before rev ${entry.rev}`);
    position = page.next;
    hasMore = page.hasMore;
  }
  if (position.rev !== last) throw new Error(`the log of ${chat} ends at ${position.rev}, the chat at ${last}`);
};
