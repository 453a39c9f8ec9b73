import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AccessRequest,
  type Action,
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

describe('the shipped policies', () => {
  const engine = CedarPolicyEngine.load(shippedPolicies);

  it('let members post and read', () => {
    expect(engine.decide(ask('message:post', member))).toEqual({ effect: 'permit' });
    expect(engine.decide(ask('history:read', member))).toEqual({ effect: 'permit' });
  });

  it('let anyone create a chat', () => {
    expect(engine.decide(ask('chat:create', { ...stranger, chat_kind: 'direct' }))).toEqual({ effect: 'permit' });
  });

  it('deny a stranger with a code and a sentence', () => {
    expect(engine.decide(ask('history:read', stranger))).toEqual(denied);
    expect(engine.decide(ask('message:post', stranger))).toEqual(denied);
  });

  it('never let anyone post or read who is not a member, whatever else is true', () => {
    fc.assert(
      fc.property(fc.constantFrom<Action[]>('message:post', 'history:read'), facts, (what, given) => {
        expect(engine.decide(ask(what, { ...given, is_member: false })).effect).toBe('deny');
      }),
    );
  });
});

describe('a policy engine', () => {
  it('denies what no rule permits', () => {
    const engine = CedarPolicyEngine.load(policyFolder({ 'a.cedar': '// nothing here\n' }));
    fc.assert(
      fc.property(action, facts, (what, given) => {
        expect(engine.decide(ask(what, given))).toEqual(denied);
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
    expect(engine.decide(ask('message:post', guest))).toEqual({
      effect: 'deny',
      code: 'CHAT_LOCKED',
      reason: 'Only owners write here.',
    });
    expect(engine.decide(ask('history:read', guest))).toMatchObject({
      code: 'FORBIDDEN',
      reason: 'The policy forbids this: FORBIDDEN.',
    });
    expect(engine.decide(ask('history:read', { ...member, chat_kind: 'direct' }))).toEqual(denied);
    expect(engine.decide(ask('message:post', { ...member, role: 'owner' }))).toEqual({ effect: 'permit' });
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
        /could not decide message:post: .*a\.cedar #2: integer overflow/,
      );
    }
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
