import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { PolicyEngine } from '../../src/application/ports/policy-engine.ts';
import { everyAction, type Facts, strangersFacts } from '../../src/domain/access/access-request.ts';
import { isRejectCode } from '../../src/domain/chat/rejection.ts';
import { factsSchema } from '../../src/interface-adapters/http/policy.schema.ts';

const people = ['owner', 'admin', 'member', 'guest', 'stranger', 'system'] as const;
export type Person = (typeof people)[number];

/** A case: an action with some facts, asked for every kind of person. policies/README.md says the same in words. */
const caseSchema = z.strictObject({
  about: z.string().optional(),
  action: z.enum(everyAction),
  facts: factsSchema.partial().strict().default({}),
  as: z.array(z.enum(people)).default([...people]),
  allowed: z.array(z.enum(people)),
  rule: z.string().optional(),
  denied: z
    .strictObject({ code: z.string().refine(isRejectCode, 'is not a rejection code'), rule: z.string().optional() })
    .optional(),
});

export type PolicyCase = z.output<typeof caseSchema> & { readonly place: string };

/** Every case of `tests/*.yaml` in a policy folder. Throws an Error that names file and line of a case that cannot be read. */
export const readCases = (dir: string): PolicyCase[] => {
  const names = readdirSync(join(dir, 'tests')).filter((name) => name.endsWith('.yaml'));
  return names.sort().flatMap((name) => casesOf(join(dir, 'tests', name)));
};

const casesOf = (path: string): PolicyCase[] => {
  const lines = new LineCounter();
  const document = parseDocument(readFileSync(path, 'utf8'), { lineCounter: lines });
  const [broken] = document.errors;
  if (broken !== undefined) throw new Error(`${path}:${lines.linePos(broken.pos[0]).line}: ${broken.message}`);
  if (!isSeq(document.contents)) throw new Error(`${path}:1: a file of cases is a list`);
  return document.contents.items.map((item) => {
    const at = isMap(item) ? lines.linePos(item.range?.[0] ?? 0).line : 1;
    const parsed = caseSchema.safeParse(isMap(item) ? item.toJS(document) : item);
    if (parsed.success) return { ...parsed.data, place: `${path}:${at}` };
    const sentences = parsed.error.issues.map(({ path: field, message }) => `${field.join('.')}: ${message}`);
    throw new Error(`${path}:${at}: ${sentences.join('; ')}`);
  });
};

export const titleOf = ({ about, action, facts }: PolicyCase): string =>
  [action, ...Object.entries(facts).map(([name, value]) => `${name}=${value}`), ...(about ? [`(${about})`] : [])].join(
    ' ',
  );

export const factsAs = (person: Person): Facts => ({
  ...strangersFacts,
  chat_kind: 'group',
  is_member: person !== 'stranger' && person !== 'system',
  is_system: person === 'system',
  role: person === 'stranger' || person === 'system' ? 'none' : person,
});

/** What is not as the case says, one sentence each. */
export const failuresOf = (engine: PolicyEngine, one: PolicyCase): string[] =>
  one.as.flatMap((person) => {
    const word = engine.decide({ action: one.action, facts: { ...factsAs(person), ...one.facts } as Facts });
    const expected = one.allowed.includes(person) ? 'permit' : 'deny';
    const rules = word.basis?.rules ?? [];
    const told = `${word.effect}${word.effect === 'deny' ? ` ${word.code}` : ''} by ${rules.join(', ') || 'no rule'}`;
    const failure = (wanted: string) => [`${one.place}: ${person}: expected ${wanted}, got ${told}`];
    if (word.effect !== expected) return failure(expected);
    if (word.effect === 'permit')
      return one.rule === undefined || rules.includes(one.rule) ? [] : failure(`permit by ${one.rule}`);
    // A stranger is refused by nobody's rule, or by one that is about everybody: which one does not matter.
    if (!factsAs(person).is_member) return [];
    const { code = 'POLICY_DENIED', rule } = one.denied ?? {};
    if (word.code !== code) return failure(`deny ${code}`);
    return rule === undefined || rules[0] === rule ? [] : failure(`deny ${code} by ${rule}`);
  });
