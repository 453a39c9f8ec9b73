import { describe, expect, it } from 'vitest';
import { together } from '../../../src/application/turn/receipt.ts';
import type { AccessDecision } from '../../../src/domain/access/access-request.ts';
import { chatId, shardNumber, userId } from '../../../src/domain/ids.ts';
import { receiptField, receiptText } from '../../../src/infrastructure/store-kit/receipt-text.ts';
import { ChatWriter, numbering } from '../../support/decisions.ts';

const word = (...rules: string[]): AccessDecision => ({ effect: 'permit', basis: { policy: 'q0Zt3m9A', rules } });
const refusal: AccessDecision = { effect: 'deny', code: 'FORBIDDEN', reason: 'No.' };

describe('a receipt', () => {
  it('names the rev up to which the log tells the roster that was looked at', () => {
    const writer = new ChatWriter(chatId('c'), numbering({ shard: shardNumber(0), epoch: 1 }));
    writer.create();
    writer.posts(2);
    writer.addMember('4');
    writer.posts(2);
    expect(writer.entries.map(({ receipt }) => receipt?.rosterRev)).toEqual([0, undefined, 1, 1, undefined, 4]);
  });

  it('has the rules of every question about one command, or those of the first refusal', () => {
    expect(together([word('a'), word('b', 'a')])).toEqual(word('a', 'b'));
    expect(together([word('a'), refusal, word('b')])).toBe(refusal);
    expect(together([{ effect: 'permit' }, { effect: 'permit' }])).toEqual({ effect: 'permit' });
    expect(together([])).toBeUndefined();
  });

  it('comes back from its text as it was', () => {
    for (const rules of [[], ['a'], ['a', 'b.c-d_1']]) {
      const receipt = { policy: 'q0-_3m9A', rules, rosterRev: 17 };
      expect(receiptField(receiptText(receipt))).toEqual({ receipt });
      const acted = { ...receipt, actedBy: userId('a/b,c') };
      expect(receiptField(receiptText(acted))).toEqual({ receipt: acted });
    }
    expect(receiptField(receiptText(undefined))).toEqual({});
    expect(receiptField(null)).toEqual({});
  });
});
