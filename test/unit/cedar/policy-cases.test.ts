import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { failuresOf, readCases, titleOf } from '../../../ops/policy/cases.ts';
import { everyAction } from '../../../src/domain/access/access-request.ts';
import { CedarPolicyEngine } from '../../../src/infrastructure/cedar/cedar-policy-engine.ts';
import { policyFolder, shippedPolicies } from './policy-folder.ts';

const engine = CedarPolicyEngine.load(shippedPolicies);
const cases = readCases(shippedPolicies);

describe('the shipped policies', () => {
  it.each(cases.map((one) => [titleOf(one), one] as const))('%s', (_, one) => {
    expect(failuresOf(engine, one)).toEqual([]);
  });

  it('have a case for every action and for every rule', () => {
    const untested = everyAction.filter((action) => !cases.some((one) => one.action === action));
    expect(untested).toEqual([]);
    // A case shows a rule when it fails without it.
    const needless = engine.rules.filter(({ id }) => {
      const others = engine.rules.filter((rule) => rule.id !== id);
      const dir = policyFolder({ 'others.cedar': others.map(({ policy }) => policy).join('\n') });
      const without = CedarPolicyEngine.load(dir);
      const noticed = cases.some((one) => failuresOf(without, one).length > 0);
      without.dispose();
      return !noticed;
    });
    expect(needless.map(({ id }) => id)).toEqual([]);
  }, 60_000);
});

describe('policy cases', () => {
  const casesIn = (yaml: string) => {
    const dir = policyFolder({});
    mkdirSync(join(dir, 'tests'));
    writeFileSync(join(dir, 'tests', 'a.yaml'), yaml);
    return () => readCases(dir);
  };

  it('say who got what instead of what was expected, and where', () => {
    const wrong = casesIn(
      '\n- action: message:post\n  allowed: [owner]\n- action: chat:trim\n  allowed: [system, guest]\n',
    );
    expect(
      wrong()
        .flatMap((one) => failuresOf(engine, one))
        .map((line) => line.replace(/^.*a\.yaml/, 'a.yaml')),
    ).toEqual([
      'a.yaml:2: admin: expected deny, got permit by members-write',
      'a.yaml:2: member: expected deny, got permit by members-write',
      'a.yaml:2: guest: expected deny, got permit by members-write',
      'a.yaml:4: guest: expected permit, got deny POLICY_DENIED by no rule',
    ]);
  });

  it.each([
    ['an action that is none', '- action: message:send\n  allowed: []', /a\.yaml:1: action: /],
    ['a fact that is none', '- action: message:post\n  facts: { is_memebr: true }\n  allowed: []', /is_memebr/],
    ['a code that is none', '- action: message:post\n  allowed: []\n  denied: { code: NOPE }', /denied\.code: /],
    ['YAML that is none', '- a: [\n', /a\.yaml:\d/],
    ['anything but a list', 'a: 1', /is a list/],
  ])('are refused with %s', (_, yaml, sentence) => {
    expect(casesIn(yaml)).toThrow(sentence);
  });
});
