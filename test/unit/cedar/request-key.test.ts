import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type AccessRequest, ageClasses, everyAction, type Facts } from '../../../src/domain/access/access-request.ts';
import { requestKey } from '../../../src/infrastructure/cedar/request-key.ts';

const role = fc.constantFrom<Facts['role']>('none', 'owner', 'admin', 'member', 'guest');
const request: fc.Arbitrary<AccessRequest> = fc.record({
  action: fc.constantFrom(...everyAction),
  facts: fc.record({
    is_member: fc.boolean(),
    is_system: fc.boolean(),
    on_behalf: fc.boolean(),
    role,
    muted: fc.boolean(),
    chat_kind: fc.constantFrom<Facts['chat_kind']>('none', 'direct', 'group'),
    chat_closed: fc.boolean(),
    is_author: fc.boolean(),
    age: fc.constantFrom(...ageClasses),
    for_everyone: fc.boolean(),
    is_self: fc.boolean(),
    target_role: role,
    new_role: role,
  }),
});

it('tells every two requests apart that differ in the action or in one fact, and no others', () => {
  fc.assert(
    fc.property(request, request, (one, other) => {
      const variants = (Object.keys(one.facts) as (keyof Facts)[]).map((fact) => ({
        ...one,
        facts: { ...one.facts, [fact]: other.facts[fact] },
      }));
      for (const variant of [...variants, { ...one, action: other.action }, other, structuredClone(one)]) {
        const same = JSON.stringify(variant) === JSON.stringify(one);
        expect(requestKey(variant) === requestKey(one)).toBe(same);
      }
    }),
    { numRuns: 500 },
  );
});
