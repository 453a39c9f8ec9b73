import type { AccessRequest, Facts } from '../../domain/access/access-request.ts';

/** Every fact exactly once: a fact that is missing here does not compile, so no decision is cached without it. */
const everyFact: { readonly [F in keyof Facts]: true } = {
  is_member: true,
  is_system: true,
  role: true,
  muted: true,
  chat_kind: true,
  chat_closed: true,
  is_author: true,
  age: true,
  for_everyone: true,
  is_self: true,
  target_role: true,
  new_role: true,
};
const factNames = Object.keys(everyFact) as readonly (keyof Facts)[];

/** The action and all facts as one string. Facts are booleans, numbers and words of closed lists: none contains a line break. */
export const requestKey = ({ action, facts }: AccessRequest): string => {
  let key: string = action;
  for (let index = 0; index < factNames.length; index++) key += `\n${facts[factNames[index]!]}`;
  return key;
};
