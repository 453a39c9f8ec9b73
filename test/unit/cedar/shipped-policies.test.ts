import { describe, expect, it } from 'vitest';
import { type Action, type Facts, strangersFacts } from '../../../src/domain/access/access-request.ts';
import { CedarPolicyEngine } from '../../../src/infrastructure/cedar/cedar-policy-engine.ts';
import { shippedPolicies } from './policy-folder.ts';

type Who = 'owner' | 'admin' | 'member' | 'guest' | 'stranger' | 'system';
const everybody: readonly Who[] = ['owner', 'admin', 'member', 'guest', 'stranger', 'system'];
const runners: readonly Who[] = ['owner', 'admin'];
const members: readonly Who[] = ['owner', 'admin', 'member', 'guest'];

const as = (who: Who): Facts => ({
  ...strangersFacts,
  chat_kind: 'group',
  is_member: who !== 'stranger' && who !== 'system',
  is_system: who === 'system',
  role: who === 'stranger' || who === 'system' ? 'none' : who,
});

/** Who may; everybody else gets the code. */
const cases: readonly [Action, Partial<Facts>, readonly Who[], string?][] = [
  ['chat:create', {}, everybody],
  ['chat:update', {}, runners],
  ['chat:trim', {}, ['system']],
  ['chat:erase', {}, ['system']],
  ['member:add', { new_role: 'member' }, runners],
  ['member:add', { new_role: 'guest' }, runners],
  ['member:add', { new_role: 'admin' }, ['owner']],
  ['member:add', { new_role: 'owner' }, ['owner']],
  ['member:remove', { target_role: 'member' }, runners],
  ['member:remove', { target_role: 'admin' }, ['owner']],
  ['member:remove', { is_self: true, target_role: 'owner' }, members],
  ['member:set_role', { target_role: 'member', new_role: 'admin' }, ['owner']],
  ['member:mute', { target_role: 'guest' }, runners],
  ['member:mute', { target_role: 'owner' }, ['owner']],
  ['message:post', {}, members],
  ['message:post', { chat_closed: true }, runners, 'CHAT_LOCKED'],
  ['message:post', { muted: true }, [], 'FORBIDDEN'],
  ['message:edit', { is_author: true, age: 'under_24h' }, members],
  ['message:edit', { is_author: false, age: 'under_15m' }, []],
  ['message:edit', { is_author: true, age: 'under_7d' }, [], 'EDIT_WINDOW_CLOSED'],
  ['message:edit', { is_author: true, age: 'older' }, [], 'EDIT_WINDOW_CLOSED'],
  ['message:edit', { is_author: true, age: 'under_15m', chat_closed: true }, runners, 'CHAT_LOCKED'],
  ['message:delete', { is_author: true, age: 'older' }, members],
  ['message:delete', { is_author: false }, runners],
  ['message:delete', { is_author: false, for_everyone: false }, members],
  ['reaction:add', {}, members],
  ['reaction:add', { chat_closed: true }, runners, 'CHAT_LOCKED'],
  ['reaction:add', { muted: true }, [], 'FORBIDDEN'],
  ['reaction:remove', { muted: true }, members],
  ['mention:all', {}, runners],
  ['history:read', { chat_closed: true, muted: true }, members],
];

describe('the shipped policies', () => {
  const engine = CedarPolicyEngine.load(shippedPolicies);

  it.each(cases)('%s %o: %o', (...[action, facts, allowed, code = 'POLICY_DENIED']) => {
    for (const who of everybody) {
      const decision = engine.decide({ action, facts: { ...as(who), ...facts } });
      const wanted = allowed.includes(who) ? { effect: 'permit' } : { effect: 'deny' };
      expect(decision, who).toMatchObject(wanted);
      if (decision.effect === 'deny' && members.includes(who)) expect(decision.code, who).toBe(code);
    }
  });

  it('let both of a direct chat run it', () => {
    for (const action of ['chat:update', 'mention:all'] as const)
      expect(engine.decide({ action, facts: { ...as('member'), chat_kind: 'direct' } }).effect).toBe('permit');
  });
});
