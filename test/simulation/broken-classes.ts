import { Outbox } from '../../actors/chat/outbox.ts';
import { UndoneDecisions } from '../../src/infrastructure/cassandra/undone.ts';
import type { Variant } from './variants.ts';

/** Rules that live inside of one class and cannot be broken from around it: one of its members is another for the length of a run. Returns how to undo it. */
export const breakClasses = (variant: Variant): Undo => {
  switch (variant) {
    // A chat is let go, and opened again, while something of it is on its way.
    case 'rebuild-before-done':
      return replace(Outbox.prototype, 'empty', { get: () => true });
    // A group is journaled although the slot's former one is not done, and nothing is carried out of the way.
    case 'slot-reused':
      return both(
        replace(UndoneDecisions.prototype, 'hasRoom', { get: () => true }),
        replace(UndoneDecisions.prototype, 'toCarry', {
          value: () => ({ decisions: [], size: { decisions: 0, length: 0 } }),
        }),
      );
    default:
      return () => {};
  }
};

type Undo = () => void;
const both =
  (...undo: Undo[]): Undo =>
  () => {
    for (const one of undo) one();
  };

const replace = <T extends object>(prototype: T, member: keyof T & string, broken: PropertyDescriptor): Undo => {
  const real = Object.getOwnPropertyDescriptor(prototype, member);
  if (real === undefined || 'get' in real !== 'get' in broken)
    throw new Error(`simulation: ${member} is another thing now; teach the variant anew`);
  Object.defineProperty(prototype, member, { configurable: true, ...broken });
  return () => void Object.defineProperty(prototype, member, real);
};
