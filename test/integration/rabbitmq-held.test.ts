import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import { shardNumber } from '../../src/domain/ids.ts';
import type { AmqpBroker } from '../../src/infrastructure/amqp/amqp-broker.ts';
import { encodeCommand } from '../../src/interface-adapters/amqp/command-json.ts';
import { post } from '../support/commands.ts';
import { until } from '../support/until.ts';
import { RabbitmqWorld } from './rabbitmq-harness.ts';

const longestHoldMs = 600;
const ids = (deliveries: readonly Delivery[]) => deliveries.map(({ command }) => command.clientMessageId);

describe('A delivery that nobody settles', () => {
  let world: RabbitmqWorld;
  let brokers: AmqpBroker[];
  const shard = shardNumber(0);

  beforeEach(async () => {
    world = await RabbitmqWorld.open(1);
    brokers = [];
  });
  afterEach(async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
    await world.close();
  });

  const start = async (options: Parameters<RabbitmqWorld['start']>[0] = {}) => {
    const broker = await world.start({ longestHoldMs, ...options });
    brokers.push(broker);
    return broker;
  };
  const put = async (...names: readonly string[]) => {
    for (const name of names) await world.put(encodeCommand(post('chat', name)), 'chat');
  };
  const heldTooLong = () =>
    world.log.filter(({ level, message }) => level === 'warn' && message.startsWith('a delivery was held too long'));

  it('comes again after the longest time, in order with all that is unsettled, and what was settled does not', async () => {
    const broker = await start();
    const deliveries: Delivery[] = [];
    await broker.consumer.consume(shard, (delivery) => deliveries.push(delivery));
    await put('a', 'b', 'c', 'd', 'e');
    await until('five', () => deliveries.length === 5);
    deliveries[1]!.ack();
    deliveries[3]!.ack();
    await until('three again', () => deliveries.length === 8);
    expect(ids(deliveries.slice(5))).toEqual(['a', 'c', 'e']);
    expect(deliveries.slice(5).map(({ redelivered, live }) => redelivered && live)).toEqual([true, true, true]);
    expect(deliveries.slice(0, 5).some(({ live }) => live)).toBe(false);
    expect(heldTooLong().map(({ fields }) => fields)).toEqual([
      { shard, queue: `${world.names.commands}.00`, deliveries: 3, seconds: 1 },
    ]);
    expect(broker.counts.heldTooLong).toBe(1);

    // What is settled now, on the new channel, is settled for good.
    for (const delivery of deliveries.slice(5)) delivery.ack();
    await put('f');
    await until('the next', () => deliveries.length === 9);
    deliveries[8]!.ack();
    expect(ids(deliveries.slice(8))).toEqual(['f']);
  });

  it('leaves the channel alone while every delivery is settled in time', async () => {
    const broker = await start();
    let last: Delivery | undefined;
    let count = 0;
    await broker.consumer.consume(shard, (delivery) => {
      const before = last;
      last = delivery;
      count++;
      setTimeout(() => before?.ack(), longestHoldMs / 3);
    });
    const endMs = performance.now() + 3 * longestHoldMs;
    while (performance.now() < endMs) await put(`m${count}`);
    last?.ack();
    expect(count).toBeGreaterThan(3);
    expect(broker.counts.heldTooLong).toBe(0);
  });

  it('comes again from the queue of the siblings, too, when it cannot be moved', async () => {
    const database = { exchange: `${world.prefix}.database`, queue: `${world.prefix}.database.primary` };
    const asked: string[] = [];
    const home = async (chatId: string) => {
      asked.push(chatId);
      if (asked.length < 3) await new Promise(() => {});
      return shard;
    };
    const broker = await start({ database: { ...database, home } });
    const deliveries: Delivery[] = [];
    await broker.consumer.consume(shard, (delivery) => {
      deliveries.push(delivery);
      delivery.ack();
    });
    for (const name of ['a', 'b']) {
      world.channel.publish(database.exchange, '', encodeCommand(post('chat', name, { seedForm: true })));
    }
    await until('both are moved', () => deliveries.length === 2);
    expect(ids(deliveries)).toEqual(['a', 'b']);
    expect(deliveries.every(({ redelivered }) => redelivered)).toBe(true);
    expect(broker.counts.heldTooLong).toBe(2);
    await world.channel.deleteQueue(database.queue);
    await world.channel.deleteExchange(database.exchange);
  });
});
