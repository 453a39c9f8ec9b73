import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Decision } from '../../../src/application/decision.ts';
import { journalJson } from '../../../src/infrastructure/cassandra/journal-payload.ts';
import { manyDecisions, newWriter } from './many-decisions.ts';

it('is the JSON of the decision', () => {
  for (const decision of manyDecisions()) expect(journalJson(decision).toString()).toBe(JSON.stringify(decision));
});

it('is the JSON of a post, whatever is written in it and whatever comes with it', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }).filter((text) => text.isWellFormed()),
      fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 }),
      fc.option(fc.record({ policy: fc.string(), rules: fc.array(fc.string()), rosterRev: fc.nat() })),
      fc.boolean(),
      (body, id, receipt, rolls) => {
        const writer = newWriter();
        writer.create();
        if (rolls) writer.rollBucket();
        const decision = withReceipt(writer.post({ body, clientMessageId: id }), receipt);
        expect(journalJson(decision).toString()).toBe(JSON.stringify(decision));
      },
    ),
  );
});

const withReceipt = (decision: Decision, receipt: object | null): Decision => {
  const { outcome } = decision;
  if (outcome.kind !== 'accepted' || receipt === null) return decision;
  return {
    ...decision,
    outcome: { ...outcome, entries: outcome.entries.map((entry) => ({ ...entry, receipt })) },
  } as Decision;
};
