import { type Answer, answerOf, type Decision, isEntry } from '../../src/application/decision.ts';
import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import { decideCommand, reject } from '../../src/application/turn/decide-command.ts';
import { findAnswer, surelyNew } from '../../src/application/turn/find-answer.ts';
import type { KeyHash } from '../../src/application/turn/key-log.ts';
import { receiptOf, together } from '../../src/application/turn/receipt.ts';
import type { ResidentChat } from '../../src/application/turn/resident-chat.ts';
import { loadTargets, noTargets, type Targets, withEntries } from '../../src/application/turn/targets.ts';
import { type AccessDecision, accessRequestsOf } from '../../src/domain/access/access-request.ts';
import { type Command, targetsOf } from '../../src/domain/chat/command.ts';
import { creationOf } from '../../src/domain/chat/creation-of.ts';
import type { Entry } from '../../src/domain/chat/entry.ts';
import { type Rejection, seedReasons } from '../../src/domain/chat/rejection.ts';
import { type Micros, rev } from '../../src/domain/ids.ts';
import { commandKey } from './answer-memory.ts';
import type { ShardContext } from './chat.protocol.ts';
import type { Step } from './outbox.ts';
import { patiently } from './patience.ts';

export type Turn = { readonly steps: readonly Step[]; readonly decisions: readonly Decision[] };

/** dedupe ▸ authorise ▸ decide, for commands of which only the last may change roster or settings, and none is about a message that
 *  another one posts. Moves `chat` on; writes nothing. */
export const takeTurn = async (
  chat: ResidentChat,
  deliveries: readonly Delivery[],
  undone: ReadonlyMap<string, Answer>,
  context: ShardContext,
): Promise<Turn> => {
  const hashes = deliveries.map(({ command }) => context.hashKey(command.senderId, command.clientMessageId));
  const earlier = await earlierAnswers(chat, deliveries, hashes, undone, context);
  const targets = await targetsOfAll(chat, deliveries, entriesOf(deliveries, undone), context);
  const at = context.clock.now();
  const access = await authorise(chat, deliveries, earlier, targets, at, context);

  const steps: Step[] = [];
  const decisions: Decision[] = [];
  const decidedHere = new Map<string, Answer>();
  for (const [index, delivery] of deliveries.entries()) {
    const { command } = delivery;
    const key = commandKey(command);
    const here = decidedHere.get(key);
    const first =
      here !== undefined && isEntry(here) && here.fingerprint === command.fingerprint ? here : (earlier[index] ?? here);
    const judgement = judge(command, first, delivery.redelivered);
    if (judgement === 'repeat') {
      steps.push(repeatStep(delivery, first!, context));
      continue;
    }
    const refusal = judgement === 'new' ? chat.rates?.take(command, at) : judgement;
    const decision =
      refusal === undefined
        ? decideCommand(
            chat,
            command,
            hashes[index]!,
            { access: access[index]!, at, targets: withDecided(targets[index]!, decisions, command) },
            context.logical,
            context.limits,
          )
        : reject(command, refusal, context.logical, at, receiptOf(chat, {}, command.actedBy));
    if (decision === 'exists') {
      steps.push(repeatStep(delivery, await firstEntry(chat, command, at, undone, context), context));
      continue;
    }
    const answer = answerOf(decision);
    decisions.push(decision);
    if (first === undefined || !isEntry(first)) decidedHere.set(key, answer);
    steps.push(step(delivery, answer, decision, context));
  }
  return { steps, decisions };
};

/** What a command is, given the first answer to its id: new, an exact repeat, or an id that was used for something else. */
const judge = (command: Command, first: Answer | undefined, redelivered: boolean): 'new' | 'repeat' | Rejection => {
  if (first === undefined) return 'new';
  const same = first.fingerprint === command.fingerprint;
  // A rejection had no effect: another command may use its id.
  if (!isEntry(first)) return same ? 'repeat' : 'new';
  // The seed's senders know no repeats: for them only the broker may repeat a command.
  if (command.type === 'message.post' && command.seedForm && !redelivered) {
    return { code: 'IDEMPOTENCY_KEY_REUSED', reason: seedReasons.duplicated };
  }
  if (same) return 'repeat';
  return {
    code: 'IDEMPOTENCY_KEY_REUSED',
    reason: 'This client_message_id was used for another command of this sender.',
  };
};

/** A rejection answers only the delivery it was decided for, when that comes again; a new send of the same command is decided anew. */
const earlierAnswers = async (
  chat: ResidentChat,
  deliveries: readonly Delivery[],
  hashes: readonly KeyHash[],
  undone: ReadonlyMap<string, Answer>,
  context: ShardContext,
): Promise<readonly (Answer | undefined)[]> => {
  const answers: (Answer | undefined)[] = [];
  for (const [index, { command, redelivered }] of deliveries.entries()) {
    const pending = undone.get(commandKey(command));
    const hash = hashes[index]!;
    const entry =
      pending !== undefined && isEntry(pending)
        ? pending
        : surelyNew(chat, hash)
          ? undefined
          : await patiently('looking for an earlier answer', context, () =>
              findAnswer(chat, command, hash, context.store, context.clock.now()),
            );
    // What had an effect is the answer; a rejection of the same command only while there is no such entry.
    const same = entry?.fingerprint === command.fingerprint;
    const rejected = pending?.fingerprint === command.fingerprint ? pending : context.rejections.find(command);
    answers.push(!same && redelivered && rejected !== undefined ? rejected : entry);
  }
  return answers;
};

const notAsked: AccessDecision = { effect: 'deny', code: 'POLICY_UNAVAILABLE', reason: 'The policy was not asked.' };

/** One question to the policy for all new commands of the turn, on the roster of this very moment. */
const authorise = async (
  chat: ResidentChat,
  deliveries: readonly Delivery[],
  earlier: readonly (Answer | undefined)[],
  targets: readonly Targets[],
  at: Micros,
  context: ShardContext,
): Promise<readonly AccessDecision[]> => {
  const asked = deliveries.map(
    ({ command, redelivered }, index) => judge(command, earlier[index], redelivered) === 'new',
  );
  const requests = deliveries.map(({ command }, index) =>
    asked[index] ? accessRequestsOf(chat.state, command, targets[index]!, at) : [],
  );
  const all = requests.flat();
  if (all.length === 0) return deliveries.map(() => notAsked);
  const answers = await patiently('asking the policy', context, async () => {
    const words = await context.policy.decide(all);
    if (words.length !== all.length) throw new Error(`the policy answered ${words.length} of ${all.length} questions`);
    return words;
  });
  let next = 0;
  return requests.map((own) => {
    const words = answers.slice(next, next + own.length);
    next += own.length;
    return together(words) ?? notAsked;
  });
};

/** Those on their way, in order of rev; none when no command is about a message. */
const entriesOf = (deliveries: readonly Delivery[], undone: ReadonlyMap<string, Answer>): readonly Entry[] =>
  deliveries.some(({ command }) => targetsOf(command).length > 0)
    ? [...undone.values()].filter(isEntry).sort((a, b) => a.rev - b.rev)
    : [];

const targetsOfAll = (
  chat: ResidentChat,
  deliveries: readonly Delivery[],
  onTheirWay: readonly Entry[],
  context: ShardContext,
): Promise<readonly Targets[]> =>
  Promise.all(
    deliveries.map(({ command }) =>
      targetsOf(command).length === 0
        ? noTargets
        : patiently('reading a message', context, () => loadTargets(chat, command, onTheirWay, context.store)),
    ),
  );

/** What this very turn has decided about the same messages counts too. */
const withDecided = (targets: Targets, decisions: readonly Decision[], { senderId }: Command): Targets => {
  if (targets.size === 0 || decisions.length === 0) return targets;
  const entries = decisions.map(answerOf).filter(isEntry);
  return new Map([...targets].map(([seq, target]) => [seq, withEntries(target, entries, senderId)]));
};

/** What answers the creation of a chat that exists. */
const firstEntry = async (
  chat: ResidentChat,
  command: Command,
  at: Micros,
  undone: ReadonlyMap<string, Answer>,
  context: ShardContext,
): Promise<Answer> => {
  for (const answer of undone.values()) if (isEntry(answer) && answer.rev === 1) return answer;
  if (chat.state!.firstRev > 1) return creationOf(chat.state!, command, at);
  const entry = await patiently('reading the first entry of a chat', context, () =>
    context.store.entryAt(chat.id, { rev: rev(1), seq: undefined }),
  );
  if (entry === undefined) throw new Error(`the first entry of chat ${chat.id} is missing`);
  return entry;
};

const repeatStep = (delivery: Delivery, answer: Answer, context: ShardContext) =>
  step(delivery, answer, undefined, context);

const step = (
  delivery: Delivery,
  answer: Answer,
  decision: Decision | undefined,
  { tracer }: Pick<ShardContext, 'tracer'>,
): Step => {
  const trace = tracer.begin(delivery.command.type, delivery.traceparent, delivery.receivedMs);
  return {
    announcement: {
      answer,
      replayed: decision === undefined,
      traceparent: trace?.traceparent ?? delivery.traceparent,
      replyTo: delivery.replyTo,
    },
    delivery,
    decision,
    ready: false,
    publishedMs: 0,
    trace,
  };
};
