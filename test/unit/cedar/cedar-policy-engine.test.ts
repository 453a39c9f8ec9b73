import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccessRequest,
  type Action,
  everyAction,
  type Facts,
  strangersFacts,
} from '../../../src/domain/access/access-request.ts';
import { CedarPolicyEngine } from '../../../src/infrastructure/cedar/cedar-policy-engine.ts';
import { policyFolder, shippedPolicies } from './policy-folder.ts';

const stranger: Facts = { ...strangersFacts, chat_kind: 'group' };
const member: Facts = { ...stranger, is_member: true, role: 'member' };
const ask = (action: Action, facts: Facts): AccessRequest => ({ action, facts });
const denied = { effect: 'deny', code: 'POLICY_DENIED', reason: 'The policy does not permit this.' };

const role = fc.constantFrom<Facts['role'][]>('owner', 'admin', 'member', 'guest', 'none');
const facts: fc.Arbitrary<Facts> = fc.record({
  is_member: fc.boolean(),
  is_system: fc.boolean(),
  on_behalf: fc.boolean(),
  role,
  muted: fc.boolean(),
  chat_kind: fc.constantFrom<Facts['chat_kind'][]>('direct', 'group', 'none'),
  chat_closed: fc.boolean(),
  is_author: fc.boolean(),
  age: fc.constantFrom<Facts['age'][]>('none', 'under_15m', 'under_1h', 'under_24h', 'under_7d', 'older'),
  for_everyone: fc.boolean(),
  is_self: fc.boolean(),
  target_role: role,
  new_role: role,
});
const action = fc.constantFrom<Action[]>('chat:create', 'message:post', 'history:read');

/** As the domain states them: only members have a role, and the service itself is a member of nothing. */
const consistent = facts.map((given): Facts => {
  const is_member = given.is_member && given.role !== 'none' && !given.is_system;
  return { ...given, is_member, role: is_member ? given.role : 'none' };
});

describe('the shipped policies', { timeout: 60_000 }, () => {
  const engine = CedarPolicyEngine.load(shippedPolicies);
  const permits = (what: Action, given: Facts) => engine.decide(ask(what, given)).effect === 'permit';

  it('permit a stranger nothing but to open a chat, whatever else is true', () => {
    fc.assert(
      fc.property(fc.constantFrom(...everyAction), consistent, (what, given) => {
        const strangers: Facts = { ...given, is_member: false, role: 'none', is_system: false };
        expect(permits(what, strangers)).toBe(what === 'chat:create');
      }),
      { numRuns: 1000 },
    );
  });

  it('permit the service itself its own work and to open a chat, nothing else', () => {
    fc.assert(
      fc.property(fc.constantFrom(...everyAction), consistent, (what, given) => {
        const service: Facts = { ...given, is_member: false, role: 'none', is_system: true, on_behalf: false };
        expect(permits(what, service)).toBe(['chat:create', 'chat:trim', 'chat:erase'].includes(what));
      }),
      { numRuns: 1000 },
    );
  });

  it('permit nobody less than somebody of a lower role', () => {
    const fromBelow: readonly Facts['role'][] = ['none', 'guest', 'member', 'admin', 'owner'];
    fc.assert(
      fc.property(fc.constantFrom(...everyAction), consistent, (what, given) => {
        const as = (role: Facts['role']): Facts => ({ ...given, role, is_member: role !== 'none', is_system: false });
        const may = fromBelow.map((role) => permits(what, as(role)));
        expect(may, what).toEqual([...may].sort((a, b) => Number(a) - Number(b)));
      }),
      { numRuns: 2000 },
    );
  });

  it('permit on behalf of somebody nothing that they may not do themselves', () => {
    fc.assert(
      fc.property(fc.constantFrom(...everyAction), consistent, (what, given) => {
        const itself = permits(what, { ...given, on_behalf: false });
        if (permits(what, { ...given, on_behalf: true })) expect(itself).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('say by which rules, in the order of files and lines', () => {
    const author: Facts = { ...member, role: 'admin', is_author: true, age: 'under_15m' };
    expect(engine.decide(ask('message:delete', author)).basis).toEqual({
      policy: engine.hash,
      rules: ['authors-delete', 'runners-delete'],
    });
    const both = engine.decide(ask('message:post', { ...member, muted: true, chat_closed: true }));
    expect(both).toMatchObject({ code: 'CHAT_LOCKED', basis: { rules: ['closed-groups', 'muted'] } });
    expect(engine.decide(ask('history:read', stranger))).toEqual({
      ...denied,
      basis: { policy: engine.hash, rules: [] },
    });
  });

  it('give the same word, not only an equal one, for other facts under the same rules', () => {
    const one = engine.decide(ask('message:post', member));
    expect(engine.decide(ask('message:post', { ...member, role: 'guest' })).basis).toBe(one.basis);
  });
});

describe('a policy engine', () => {
  it('denies what no rule permits', () => {
    const engine = CedarPolicyEngine.load(policyFolder({ 'a.cedar': '// nothing here\n' }));
    fc.assert(
      fc.property(action, facts, (what, given) => {
        expect(engine.decide(ask(what, given))).toMatchObject(denied);
      }),
    );
  });

  it('answers with the code and the sentence of the first forbid that applies', () => {
    const dir = policyFolder({
      'a.cedar': 'permit (principal, action, resource);',
      'b.cedar': `@code("CHAT_LOCKED") @reason("Only owners write here.")
        forbid (principal, action == Action::"message:post", resource) unless { context.role == "owner" };
        @code("FORBIDDEN") forbid (principal, action, resource) when { context.role == "guest" };`,
      'c.cedar': 'forbid (principal, action, resource) when { context.chat_kind == "direct" };',
    });
    const engine = CedarPolicyEngine.load(dir);
    const guest: Facts = { ...member, role: 'guest' };
    expect(engine.decide(ask('message:post', guest))).toMatchObject({
      effect: 'deny',
      code: 'CHAT_LOCKED',
      reason: 'Only owners write here.',
    });
    expect(engine.decide(ask('history:read', guest))).toMatchObject({
      code: 'FORBIDDEN',
      reason: 'The policy forbids this: FORBIDDEN.',
    });
    expect(engine.decide(ask('history:read', { ...member, chat_kind: 'direct' }))).toMatchObject({
      ...denied,
      basis: { rules: ['c-1'] },
    });
    expect(engine.decide(ask('message:post', { ...member, role: 'owner' }))).toMatchObject({ effect: 'permit' });
  });

  it('names the first of more than ten forbids in the order of the file', () => {
    const codes = ['GONE', ...Array.from({ length: 11 }, () => 'FORBIDDEN')];
    const text = codes.map((code) => `@code("${code}") forbid (principal, action, resource);`).join('\n');
    const engine = CedarPolicyEngine.load(policyFolder({ 'a.cedar': text }));
    expect(engine.decide(ask('message:post', member))).toMatchObject({ code: 'GONE' });
  });

  it('throws, and permits nothing, when a rule cannot be evaluated', () => {
    const dir = policyFolder({
      'a.cedar': `permit (principal, action, resource);
        forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };`,
    });
    const engine = CedarPolicyEngine.load(dir);
    for (let time = 0; time < 2; time++) {
      expect(() => engine.decide(ask('message:post', member))).toThrow(
        /could not decide message:post: .*a\.cedar:2: integer overflow/,
      );
    }
  });

  it('throws, and permits nothing, for facts that no policy was written for, whatever was asked before', () => {
    const engine = CedarPolicyEngine.load(policyFolder({ 'a.cedar': 'permit (principal, action, resource);' }));
    const unknown = [{ role: 'moderator' }, { age: 'ancient' }, { chat_kind: 'channel' }, { target_role: undefined }];
    for (let time = 0; time < 2; time++) {
      for (const strange of unknown) {
        const given = { ...member, ...strange } as unknown as Facts;
        expect(() => engine.decide(ask('message:post', given))).toThrow(/could not decide message:post: unknown facts/);
      }
      expect(() => engine.decide(ask('message:sing' as Action, member))).toThrow(/could not decide/);
    }
    expect(engine.decide(ask('message:post', member)).effect).toBe('permit');
  });

  it('gives every combination of action and facts its own answer, from the cache as well', () => {
    const dir = policyFolder({
      'a.cedar': `permit (principal, action == Action::"message:post", resource) when { context.role == "admin" };
        permit (principal, action == Action::"history:read", resource) when { context.chat_kind == "direct" && context.is_member };`,
    });
    const engine = CedarPolicyEngine.load(dir, { cacheCapacity: 6 });
    const expected = (what: Action, { is_member, role, chat_kind }: Facts) =>
      (what === 'message:post' && role === 'admin') || (what === 'history:read' && chat_kind === 'direct' && is_member);
    fc.assert(
      fc.property(action, facts, (what, given) => {
        const effect = expected(what, given) ? 'permit' : 'deny';
        expect(engine.decide(ask(what, given)).effect).toBe(effect);
        expect(engine.decide(ask(what, given)).effect).toBe(effect);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps the policies of two folders apart', () => {
    const open = CedarPolicyEngine.load(policyFolder({ 'a.cedar': 'permit (principal, action, resource);' }));
    const closed = CedarPolicyEngine.load(policyFolder({ 'a.cedar': 'forbid (principal, action, resource);' }));
    expect(open.decide(ask('message:post', member)).effect).toBe('permit');
    expect(closed.decide(ask('message:post', member)).effect).toBe('deny');
  });
});
