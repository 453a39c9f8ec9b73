import type { Decision } from '../../../src/application/decision.ts';
import { chatId, micros, shardNumber } from '../../../src/domain/ids.ts';
import { ChatWriter, numbering, someExtras } from '../../support/decisions.ts';

export const newWriter = (id = 'c') => new ChatWriter(chatId(id), numbering({ shard: shardNumber(3), epoch: 5 }));
export const people = (count: number) => Array.from({ length: count }, (_, i) => `u${i}`);

/** Every kind of entry, in more than one bucket. */
export const manyDecisions = (): Decision[] => {
  const writer = newWriter();
  const decisions = [writer.create({ title: 'a title' }), ...writer.posts(70)];
  writer.rollBucket();
  decisions.push(...writer.posts(3, { sentAt: 'yesterday' }), writer.post({ extras: someExtras }));
  decisions.push(writer.reject({ code: 'FORBIDDEN', reason: 'no' }));
  decisions.push(writer.edit(2, 'better'), writer.edit(74, 'best'), writer.react(2, '👍'), writer.unreact(2, '👍'));
  decisions.push(writer.deleteMessage(3), writer.deleteMessage(74, 'me'), writer.erase('1', [2, 74, 70]));
  decisions.push(
    writer.update({ title: null, slowModeMs: 1_000 }),
    writer.addMember('9'),
    writer.setRole('9', 'admin'),
  );
  decisions.push(writer.mute('9', micros(9e15)), writer.mute('9', null), writer.removeMember('9'), writer.trim(1));
  const untitled = newWriter('d');
  decisions.push(untitled.create({ kind: 'direct', members: ['2'] }), untitled.post());
  const crowd = newWriter('e');
  decisions.push(crowd.create({ members: people(300) }), crowd.post());
  const grown = newWriter('f');
  decisions.push(grown.create({ members: people(99) }), grown.addMember('one-more'), grown.addMember('and-one'));
  return decisions;
};
