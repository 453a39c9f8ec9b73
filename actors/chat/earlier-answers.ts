import { type Answer, isEntry } from '../../src/application/decision.ts';
import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import { findAnswer, surelyNew } from '../../src/application/turn/find-answer.ts';
import type { KeyHash } from '../../src/application/turn/key-log.ts';
import type { ResidentChat } from '../../src/application/turn/resident-chat.ts';
import type { Entry } from '../../src/domain/chat/entry.ts';
import { commandKey } from './answer-memory.ts';
import type { ShardContext } from './chat.protocol.ts';
import type { UndoneAnswers } from './outbox.ts';
import { patiently } from './patience.ts';

/** A command with what it is found by: among those of its chat on their way, and in its key log. */
export type Asked = { readonly delivery: Delivery; readonly key: string; readonly hash: KeyHash };

export const asked = (delivery: Delivery, { hashKey }: Pick<ShardContext, 'hashKey'>): Asked => {
  const { command } = delivery;
  return { delivery, key: commandKey(command), hash: hashKey(command.senderId, command.clientMessageId) };
};

/** A rejection answers only the delivery it was decided for, when that comes again; a new send of the same command is decided anew.
 *  A promise only when the store has to be asked. */
export const earlierAnswers = (
  chat: ResidentChat,
  commands: readonly Asked[],
  undone: UndoneAnswers,
  context: ShardContext,
): readonly (Answer | undefined)[] | Promise<readonly (Answer | undefined)[]> => {
  // Nearly all of them: the key log names what is on its way, too. A rejection leaves nothing in it: it is known to its shard, and answers what is
  // delivered again.
  const isFirst = ({ delivery, hash }: Asked) => !delivery.redelivered && surelyNew(chat, hash);
  if (commands.every(isFirst)) return none;
  const pending = commands.map(({ key }) => undone.get(key));
  const isKnown = (index: number): boolean => {
    const answer = pending[index];
    return (answer !== undefined && isEntry(answer)) || surelyNew(chat, commands[index]!.hash);
  };
  const answer = (index: number, stored?: Entry): Answer | undefined => {
    const { delivery } = commands[index]!;
    const own = pending[index];
    const entry = own !== undefined && isEntry(own) ? own : stored;
    if (!delivery.redelivered) return entry;
    // What had an effect is the answer; a rejection of the same command only while there is no such entry.
    const { fingerprint } = delivery.command;
    if (entry?.fingerprint === fingerprint) return entry;
    const rejected = own?.fingerprint === fingerprint ? own : context.rejections.find(delivery.command);
    return rejected ?? entry;
  };
  if (commands.every((_, index) => isKnown(index))) return commands.map((_, index) => answer(index));
  return (async () => {
    const answers: (Answer | undefined)[] = [];
    for (const [index, { delivery, hash }] of commands.entries()) {
      const stored = isKnown(index)
        ? undefined
        : await patiently('looking for an earlier answer', context, () =>
            findAnswer(chat, delivery.command, hash, context.store, context.clock.now()),
          );
      answers.push(answer(index, stored));
    }
    return answers;
  })();
};

const none: readonly undefined[] = [];
