import { z } from 'zod';
import { parseUserId, type UserId } from '../../domain/ids.ts';

const canonicalInteger = /^(0|-?[1-9]\d{0,15})$/;

/** Canonical decimal integers are JSON numbers on the wire (the sibling services use integers), everything else a string. */
export const wireUserId = (id: UserId): number | string => {
  if (!canonicalInteger.test(id)) return id;
  const value = Number(id);
  return Number.isSafeInteger(value) ? value : id;
};

/** Lists are shared by many events: each is converted once. */
const converted = new WeakMap<readonly UserId[], readonly (number | string)[]>();
export const wireUserIds = (ids: readonly UserId[] | null): readonly (number | string)[] | null => {
  if (ids === null) return null;
  let list = converted.get(ids);
  if (list === undefined) {
    list = ids.map(wireUserId);
    converted.set(ids, list);
  }
  return list;
};

/** The same as JSON text. */
const texts = new WeakMap<readonly UserId[], string>();
export const wireUserIdsText = (ids: readonly UserId[] | null): string => {
  if (ids === null) return 'null';
  let text = texts.get(ids);
  if (text === undefined) {
    text = JSON.stringify(wireUserIds(ids));
    texts.set(ids, text);
  }
  return text;
};

/** For those who read the schema: the parser below says it better. */
export const userIdPattern = '^[!-~]{1,60}$';

/** A user id as it goes out: see wireUserId. */
export const wireUserIdSchema = z
  .union([z.int(), z.string().meta({ pattern: userIdPattern })])
  .describe('An integer or a string.');

/** A user id on the wire: an integer or a string; inside it is opaque text. */
const written = z.union([z.int(), z.string().meta({ pattern: userIdPattern })]);
export const userIdSchema = written.transform((value, context): UserId => {
  const id = parseUserId(String(value));
  if (id !== undefined) return id;
  context.addIssue({
    code: 'custom',
    message: 'a user id is an integer or 1 to 60 printable ASCII characters without spaces',
  });
  return z.NEVER;
});
