import { type Answer, answerOf, type Decision, isEntry } from '../../src/application/decision.ts';
import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import { decideCommand, reject } from '../../src/application/turn/decide-command.ts';
import { receiptOf, together } from '../../src/application/turn/receipt.ts';
import type { ResidentChat } from '../../src/application/turn/resident-chat.ts';
import { loadTargets, noTargets, type Targets, withEntries } from '../../src/application/turn/targets.ts';
import { type AccessDecision, accessRequestsOf } from '../../src/domain/access/access-request.ts';
import { type Command, targetsOf } from '../../src/domain/chat/command.ts';
import { creationOf } from '../../src/domain/chat/creation-of.ts';
import { type Rejection, seedReasons } from '../../src/domain/chat/rejection.ts';
import { type Micros, rev } from '../../src/domain/ids.ts';
import type { ShardContext } from './chat.protocol.ts';
import { asked, earlierAnswers } from './earlier-answers.ts';
import type { Step, UndoneAnswers } from './outbox.ts';
import { patiently } from './patience.ts';

export type Turn = { readonly steps: readonly Step[]; readonly decisions: readonly Decision[] };

/** dedupe ▸ authorise ▸ decide, for commands of which only the last may change roster or settings, and none is about a message that
 *  another one posts. Moves `chat` on; writes nothing. */
export const takeTurn = async (
  chat: ResidentChat,
  deliveries: readonly Delivery[],
  undone: UndoneAnswers,
  context: ShardContext,
): Promise<Turn> => {
  const commands = deliveries.map((delivery) => asked(delivery, context));
  const earlier = await earlierAnswers(chat, commands, undone, context);
  const targets = await targetsOfAll(chat, deliveries, undone, context);
  const at = context.clock.now();
  const access = await authorise(chat, deliveries, earlier, targets, at, context);

  const steps: Step[] = [];
  const decisions: Decision[] = [];
  const decidedHere = new Map<string, Answer>();
  for (let index = 0; index < commands.length; index++) {
    const { delivery, key, hash } = commands[index]!;
    const { command } = delivery;
    const here = decidedHere.get(key);
    const first =
      here !== undefined && isEntry(here) && here.fingerprint === command.fingerprint ? here : (earlier[index] ?? here);
    const judgement = judge(command, first, delivery.redelivered);
    if (judgement === 'repeat') {
      steps.push(step(key, delivery, first!, undefined, context));
      continue;
    }
    const refusal = judgement === 'new' ? chat.rates?.take(command, at) : judgement;
    const decision =
      refusal === undefined
        ? decideCommand(
            chat,
            command,
            hash,
            { access: access[index]!, at, targets: withDecided(targets[index] ?? noTargets, decisions, command) },
            context.logical,
            context.limits,
          )
        : reject(command, refusal, context.logical, at, receiptOf(chat, {}, command.actedBy));
    if (decision === 'exists') {
      const answer = await firstEntry(chat, command, at, undone, context);
      steps.push(step(key, delivery, answer, undefined, context));
      continue;
    }
    const answer = answerOf(decision);
    decisions.push(decision);
    if (first === undefined || !isEntry(first)) decidedHere.set(key, answer);
    steps.push(step(key, delivery, answer, decision, context));
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
  const requests = deliveries.map(({ command, redelivered }, index) =>
    judge(command, earlier[index], redelivered) === 'new'
      ? accessRequestsOf(chat.state, command, targets[index] ?? noTargets, at)
      : [],
  );
  const all = requests.flat();
  if (all.length === 0) return deliveries.map(() => notAsked);
  const answers = await patiently('asking the policy', context, async () => {
    const words = await context.policy.decide(all);
    if (words.length !== all.length) throw new Error(`the policy answered ${words.length} of ${all.length} questions`);
    return words;
  });
  if (all.length === deliveries.length && requests.every(({ length }) => length === 1)) return answers;
  let next = 0;
  return requests.map((own) => {
    const words = answers.slice(next, next + own.length);
    next += own.length;
    return together(words) ?? notAsked;
  });
};

const noneOfThem: readonly Targets[] = [];

/** Of each command the messages that it is about; empty when none of them is about any. */
const targetsOfAll = (
  chat: ResidentChat,
  deliveries: readonly Delivery[],
  undone: UndoneAnswers,
  context: ShardContext,
): readonly Targets[] | Promise<readonly Targets[]> => {
  const isAbout = ({ command }: Delivery) => targetsOf(command).length > 0;
  if (!deliveries.some(isAbout)) return noneOfThem;
  const onTheirWay = [...undone.values()].filter(isEntry).sort((a, b) => a.rev - b.rev);
  return Promise.all(
    deliveries.map((delivery) =>
      isAbout(delivery)
        ? patiently('reading a message', context, () => loadTargets(chat, delivery.command, onTheirWay, context.store))
        : noTargets,
    ),
  );
};

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
  undone: UndoneAnswers,
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

const step = (
  key: string,
  delivery: Delivery,
  answer: Answer,
  /** Undefined for a repeat. */
  decision: Decision | undefined,
  { tracer }: Pick<ShardContext, 'tracer'>,
): Step => {
  const { type, fingerprint } = delivery.command;
  const trace = tracer.begin(type, delivery.traceparent, delivery.receivedMs);
  return {
    key,
    type,
    fingerprint,
    answer,
    traceparent: trace?.traceparent ?? delivery.traceparent,
    delivery,
    decision,
    ready: false,
    publishedMs: 0,
    trace,
  };
};
