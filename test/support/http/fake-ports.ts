import { type Answer, answerOf } from '../../../src/application/decision.ts';
import type { ChatCatalogue } from '../../../src/application/ports/chat-catalogue.ts';
import type { ChatReader } from '../../../src/application/ports/chat-reader.ts';
import type { CommandSender } from '../../../src/application/ports/command-sender.ts';
import type { PersonalStore } from '../../../src/application/ports/personal-store.ts';
import type { PolicyDecisionPoint } from '../../../src/application/ports/policy-decision-point.ts';
import type { UserDirectory } from '../../../src/application/ports/user-directory.ts';
import { decideCommand, defaultBucketLimits, reject } from '../../../src/application/turn/decide-command.ts';
import { findAnswer } from '../../../src/application/turn/find-answer.ts';
import { noRateLimits } from '../../../src/application/turn/rate-limit.ts';
import { residentChat } from '../../../src/application/turn/resident-chat.ts';
import { loadTargets } from '../../../src/application/turn/targets.ts';
import type { AccessRequest } from '../../../src/domain/access/access-request.ts';
import type { Command } from '../../../src/domain/chat/command.ts';
import { micros, rev, shardNumber } from '../../../src/domain/ids.ts';
import { openMemoryCell } from '../../../src/infrastructure/memory/memory-cell.ts';
import { keyHash } from '../../../src/interface-adapters/amqp/command-identity.ts';
import { eventBody } from '../../../src/interface-adapters/amqp/event-json.ts';

/** The ports that HTTP needs over the memory store, with the domain's own decisions. Replace a method to make it fail. */
export type FakePorts = {
  readonly sender: { send: CommandSender['send'] };
  readonly reader: { -readonly [Name in keyof ChatReader]: ChatReader[Name] };
  readonly personal: { -readonly [Name in keyof PersonalStore]: PersonalStore[Name] };
  readonly catalogue: { -readonly [Name in keyof ChatCatalogue]: ChatCatalogue[Name] };
  readonly directory: { profiles: UserDirectory['profiles'] };
  readonly policy: { decide: PolicyDecisionPoint['decide'] };
  readonly sent: { command: Command; timeoutMs: number }[];
  readonly asked: AccessRequest[];
};

/** When everything is decided. */
const at = micros(1_795_000_000_000_000);

export const fakePorts = (): FakePorts => {
  const cell = openMemoryCell({ shards: 1 });
  const begun = cell.ownership.begin();
  const logical = { shard: shardNumber(0), epoch: 1, n: 0 };
  const sent: FakePorts['sent'] = [];
  const asked: AccessRequest[] = [];

  const answer = async (command: Command): Promise<{ answer: Answer; replayed: boolean }> => {
    const { store } = await begun;
    const chat = residentChat(command.chatId, await store.open(command.chatId), keyHash, noRateLimits);
    const hash = keyHash(command.senderId, command.clientMessageId);
    const first = await findAnswer(chat, command, hash, store, at);
    if (first?.fingerprint === command.fingerprint) return { answer: first, replayed: true };
    const targets = await loadTargets(chat, command, [], store);
    const grounds = { access: { effect: 'permit' as const }, at, targets };
    const decision =
      first === undefined
        ? decideCommand(chat, command, hash, grounds, logical, defaultBucketLimits)
        : reject(command, { code: 'IDEMPOTENCY_KEY_REUSED', reason: 'used for something else' }, logical, at);
    if (decision === 'exists')
      return { answer: (await store.entryAt(command.chatId, { rev: rev(1), seq: undefined }))!, replayed: false };
    await store.commit([decision]);
    return { answer: answerOf(decision), replayed: false };
  };

  return {
    sent,
    asked,
    sender: {
      send: async (command, timeoutMs) => {
        sent.push({ command, timeoutMs });
        const result = await answer(command);
        return { event: eventBody(result.answer), replayed: result.replayed };
      },
    },
    reader: boundMethods<ChatReader>(cell.reader),
    personal: boundMethods<PersonalStore>(cell.personal),
    catalogue: boundMethods<ChatCatalogue>(cell.catalogue),
    directory: { profiles: async () => [] },
    policy: {
      decide: async (requests) => {
        asked.push(...requests);
        return requests.map(() => ({ effect: 'permit' }));
      },
    },
  };
};

/** An object of its own, whose methods a test may replace. */
const boundMethods = <T extends object>(port: T): { -readonly [Name in keyof T]: T[Name] } => {
  const names = Object.getOwnPropertyNames(Object.getPrototypeOf(port)) as (keyof T)[];
  const methods = names.filter((name) => name !== 'constructor' && typeof port[name] === 'function');
  return Object.fromEntries(
    methods.map((name) => [name, (port[name] as (...args: unknown[]) => unknown).bind(port)]),
  ) as T;
};
