import type { ConsumeMessage } from 'amqplib/callback_api';
import { describe, expect, it } from 'vitest';
import { shardNumber } from '../../../src/domain/ids.ts';
import { AmqpDelivery } from '../../../src/infrastructure/amqp/amqp-delivery.ts';
import type { ShardChannel } from '../../../src/infrastructure/amqp/shard-channel.ts';
import { post } from '../../support/commands.ts';

const deliver = (exits: { forward?: () => Promise<boolean>; deadLetter?: () => Promise<boolean> }) => {
  const settled: number[] = [];
  const channel = { live: true, signal: new AbortController().signal, settle: (tag: number) => settled.push(tag) };
  const message = { fields: { deliveryTag: 7, redelivered: false }, properties: { headers: {} } };
  const delivery = new AmqpDelivery(
    post('c', 'a'),
    message as unknown as ConsumeMessage,
    channel as unknown as ShardChannel,
    exits as never,
    0,
  );
  return { delivery, settled };
};
const failing = () => Promise.reject(new RangeError('cannot be written'));

describe('a delivery that could not leave', () => {
  it('is still to be settled, by another way, once', async () => {
    const { delivery, settled } = deliver({ forward: failing, deadLetter: async () => true });
    await expect(delivery.forward(shardNumber(1))).rejects.toThrow('cannot be written');
    expect(settled).toEqual([]);
    await delivery.deadLetter('cannot be forwarded');
    delivery.ack();
    expect(settled).toEqual([7]);
  });

  it('is still to be settled when the dead letters do not take it', async () => {
    const { delivery, settled } = deliver({ deadLetter: failing });
    await expect(delivery.deadLetter('bad')).rejects.toThrow('cannot be written');
    delivery.ack();
    expect(settled).toEqual([7]);
  });
});

describe('a delivery whose answer is on the way', () => {
  it('can only be acked', async () => {
    const { delivery, settled } = deliver({ forward: async () => true, deadLetter: async () => true });
    delivery.decided();
    await expect(delivery.forward(shardNumber(1))).rejects.toThrow('can only be acked');
    await expect(delivery.deadLetter('bad')).rejects.toThrow('can only be acked');
    expect(settled).toEqual([]);
    delivery.ack();
    expect(settled).toEqual([7]);
  });
});
