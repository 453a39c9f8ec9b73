import { expect, it } from 'vitest';
import { partsOf } from '../../../src/infrastructure/broker-kit/batch-parts.ts';
import { post } from '../../support/commands.ts';

it('a part that the dead letters do not take is still to be settled', async () => {
  let acks = 0;
  const whole = { live: true, ack: () => acks++ } as never;
  let takes = false;
  const bury = async () => {
    if (takes) return true;
    throw new Error('the broker does not answer');
  };
  const parts = partsOf(whole, [post('c', 'a'), post('c', 'b')], bury);
  parts[1]!.ack();
  await expect(parts[0]!.deadLetter('bad')).rejects.toThrow('does not answer');
  expect(acks).toBe(0);
  takes = true;
  await parts[0]!.deadLetter('bad');
  parts[0]!.ack();
  expect(acks).toBe(1);
});
