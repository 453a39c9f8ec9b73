import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Answer } from '../../src/application/decision.ts';
import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import type { Announcement } from '../../src/application/ports/event-publisher.ts';
import { defaultSettings } from '../../src/domain/chat/chat-state.ts';
import { chatId, clientMessageId, micros, rev, seq, shardNumber, userId } from '../../src/domain/ids.ts';
import type { AmqpBroker } from '../../src/infrastructure/amqp/amqp-broker.ts';
import { encodeCommand } from '../../src/interface-adapters/amqp/command-json.ts';
import { post } from '../support/commands.ts';
import { until } from '../support/until.ts';
import { CuttableProxy } from './cuttable-proxy.ts';
import { RabbitmqWorld } from './rabbitmq-harness.ts';

const event = (n: number, type: 'message.posted' | 'chat.created' = 'message.posted'): Announcement => {
  const common = {
    chatId: chatId('chat'),
    rev: rev(n),
    senderId: userId('7'),
    clientMessageId: clientMessageId(`m${n}`),
    fingerprint: 'f',
    sentAt: 'now',
    at: micros(n),
    recipients: null,
  };
  const answer: Answer =
    type === 'message.posted'
      ? { ...common, type, seq: seq(n), body: `text ${n}`, recipientId: null, extras: null }
      : { ...common, type, kind: 'group', settings: defaultSettings, members: [] };
  return { answer, replayed: false, traceparent: undefined, replyTo: undefined };
};
const numbers = (count: number, from = 1) => Array.from({ length: count }, (_, i) => i + from);
const ids = (deliveries: readonly Delivery[]) => deliveries.map(({ command }) => command.clientMessageId);

describe('RabbitMQ in trouble', () => {
  let world: RabbitmqWorld;
  let proxy: CuttableProxy;
  let broker: AmqpBroker;

  beforeEach(async () => {
    world = await RabbitmqWorld.open(1);
    proxy = await CuttableProxy.listen();
    broker = await world.start({ url: proxy.url, prefetch: 20 });
  });
  afterEach(async () => {
    await broker.close();
    await proxy.close();
    await world.close();
  });

  const put = async (names: readonly number[]) => {
    for (const n of names) await world.put(encodeCommand(post('chat', `m${n}`)), 'chat');
  };

  it('delivers everything unsettled again, in order, after the connection was cut, and acks nothing by mistake', async () => {
    const deliveries: Delivery[] = [];
    const subscription = await broker.consumer.consume(shardNumber(0), (delivery) => deliveries.push(delivery));
    await put(numbers(22));
    await until('as many as may be unsettled', () => deliveries.length === 20);
    deliveries[0]!.ack();
    deliveries[4]!.ack();
    await subscription.flush();
    await until('the broker has both acks', () => deliveries.length === 22);
    proxy.cut();
    await until('all again', () => deliveries.length === 22 + 20);
    const again = deliveries.slice(22);
    expect(ids(again)).toEqual([2, 3, 4, ...numbers(17, 6)].map((n) => `m${n}`));
    expect(again.filter(({ redelivered, live }) => redelivered && live)).toHaveLength(20);
    for (const stale of deliveries.slice(0, 22)) stale.ack();
    expect(broker.counts.staleSettles).toBe(20);
    for (const delivery of again.slice(0, -1)) delivery.ack();
    await subscription.close();
    const rest: Delivery[] = [];
    await broker.consumer.consume(shardNumber(0), (delivery) => rest.push(delivery));
    await until('the last', () => rest.length === 1);
    expect(ids(rest)).toEqual([ids(again).at(-1)]);
  });

  it('publishes all events again from the first unconfirmed one on, and confirms each once, in order', async () => {
    const seen = await world.listen();
    const lane = broker.publisher.lane(shardNumber(0));
    const confirmed: number[] = [];
    const publish = (ns: readonly number[]) => {
      for (const n of ns) lane.publish(event(n), () => confirmed.push(n));
    };
    publish(numbers(5));
    await until('five confirmed', () => confirmed.length === 5);
    proxy.deafen();
    publish(numbers(10, 6));
    await until('they arrive, their confirms do not', () => seen.length === 15);
    expect(confirmed).toHaveLength(5);
    proxy.cut();
    await until('down', () => broker.status().publishing === 'down');
    publish(numbers(3, 16));
    await until('all confirmed', () => confirmed.length === 18);
    expect(confirmed).toEqual(numbers(18));
    await until('all seen', () => seen.length === 15 + 13);
    expect(seen.map(({ id }) => id)).toEqual([...numbers(15), ...numbers(13, 6)].map((n) => `chat/${n}`));
    expect(broker.counts.resentEvents).toBe(10);
  });

  it('publishes an event again, with all after it, until the queue takes it', async () => {
    const queue = `${world.prefix}.full`;
    await world.channel.assertQueue(queue, { arguments: { 'x-max-length': 2, 'x-overflow': 'reject-publish' } });
    await world.channel.bindQueue(queue, world.deliveryExchange, '');
    const lane = broker.publisher.lane(shardNumber(0));
    const confirmed: number[] = [];
    for (const n of numbers(6)) lane.publish(event(n), () => confirmed.push(n));
    const taken: string[] = [];
    await until('all six got through', async () => {
      const message = await world.channel.get(queue, { noAck: true });
      if (message !== false) taken.push(String(message.properties.messageId));
      return confirmed.length === 6 && message === false;
    });
    expect(confirmed).toEqual(numbers(6));
    // As a consumer that takes an event only after its predecessor sees it.
    let last = 0;
    for (const id of taken) if (id === `chat/${last + 1}`) last++;
    expect(last).toBe(6);
    await world.channel.deleteQueue(queue);
  });

  it('confirms events that no queue takes, counts them, and says so in one line', async () => {
    const lane = broker.publisher.lane(shardNumber(0));
    let confirmed = 0;
    for (const n of numbers(20)) lane.publish(event(n), () => confirmed++);
    await until('all confirmed', () => confirmed === 20);
    expect(broker.counts.unroutableEvents).toBe(20);
    expect(world.log.filter(({ message }) => message === 'no queue took these events')).toHaveLength(1);
  });

  it('writes other events under their type, and message events under no key', async () => {
    const messages = await world.listen('');
    const chats = await world.listen('chat.created');
    const lane = broker.publisher.lane(shardNumber(0));
    lane.publish(event(1, 'chat.created'), () => {});
    lane.publish(event(2), () => {});
    await until('one each', () => messages.length === 1 && chats.length === 1);
    expect([messages[0]!.id, chats[0]!.id]).toEqual(['chat/2', 'chat/1']);
  });

  it('says that the broker did not take a command when there is no connection, or no queue for it', async () => {
    await world.channel.unbindQueue(`${world.names.commands}.00`, world.names.commands, '1');
    await expect(broker.sender.send(post('chat', 'm1'), 5_000)).rejects.toMatchObject({ code: 'OVERLOADED' });
    proxy.cut();
    await until('down', () => broker.status().publishing === 'down');
    await expect(broker.sender.send(post('chat', 'm1'), 5_000)).rejects.toMatchObject({ code: 'OVERLOADED' });
  });

  it('does not know the outcome of a command when the connection is lost while it waits', async () => {
    const answered = broker.sender.send(post('chat', 'm1'), 20_000);
    setTimeout(() => proxy.cut(), 50);
    await expect(answered).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await until('requests go again', async () => {
      const code = await broker.sender.send(post('chat', 'm2'), 20).catch((error) => error.code);
      return code === 'OUTCOME_UNKNOWN';
    });
    proxy.deafen(); // now not even the confirm comes
    const unconfirmed = broker.sender.send(post('chat', 'm3'), 20_000);
    setTimeout(() => proxy.cut(), 50);
    await expect(unconfirmed).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  it('forwards until there is a queue that takes the command', async () => {
    const deliveries: Delivery[] = [];
    await broker.consumer.consume(shardNumber(0), (delivery) => deliveries.push(delivery));
    await put([1]);
    await until('one', () => deliveries.length === 1);
    const forwarded = deliveries[0]!.forward(shardNumber(7));
    const queue = `${world.names.commands}.07`;
    setTimeout(() => void world.channel.assertQueue(queue), 500);
    await forwarded;
    const message = await world.channel.get(queue, { noAck: true });
    expect(message !== false && message.content.toString()).toBe(encodeCommand(post('chat', 'm1')).toString());
    await world.channel.deleteQueue(queue);
  });

  it('keeps an unreadable command until there is a queue for dead letters, and takes no note of it before', async () => {
    await world.channel.unbindQueue(world.names.deadLetters, world.names.deadLetters, world.names.deadLetters);
    await broker.consumer.consume(shardNumber(0), () => {});
    await world.put(Buffer.from('?'), 'chat');
    const tries = 'a message cannot be moved; trying on';
    await until('it says so', () => world.log.some(({ message }) => message === tries));
    expect([broker.counts.deadLettered, (await world.deadLetters()).length]).toEqual([0, 0]);
    await world.channel.bindQueue(world.names.deadLetters, world.names.deadLetters, world.names.deadLetters);
    await until('a dead letter', () => broker.counts.deadLettered === 1);
    expect(await world.deadLetters()).toHaveLength(1);
  });

  it('takes no more than the prefetch count while the broker takes nothing, and goes on in order afterwards', async () => {
    const seen = await world.listen();
    const lane = broker.publisher.lane(shardNumber(0));
    const deliveries: Delivery[] = [];
    await broker.consumer.consume(shardNumber(0), (delivery) => {
      deliveries.push(delivery);
      lane.publish(event(deliveries.length), () => delivery.ack());
    });
    await put(numbers(3));
    await until('three are announced', () => seen.length === 3);
    proxy.sayBlocked();
    await until('blocked', () => Object.values(broker.status()).every((state) => state === 'blocked'));
    expect(broker.consumer.available).toBe(true);
    await put(numbers(60, 4));
    await until('a window full', () => deliveries.length === 23);
    await expect(broker.sender.send(post('chat', 'm'), 5_000)).rejects.toMatchObject({ code: 'OVERLOADED' });
    await sleep(500); // nothing is to happen
    expect([deliveries.length, seen.length]).toEqual([23, 3]);
    proxy.sayUnblocked();
    await until('all are announced', () => seen.length === 63);
    expect(ids(deliveries)).toEqual(numbers(63).map((n) => `m${n}`));
    expect(seen.map(({ id }) => id)).toEqual(numbers(63).map((n) => `chat/${n}`));
  });

  it('says that it cannot reach the broker while either connection is away', async () => {
    expect(broker.consumer.available).toBe(true);
    proxy.refuse();
    await until('both are down', () => broker.status().publishing === 'down' && broker.status().consuming === 'down');
    expect(broker.consumer.available).toBe(false);
    proxy.admit();
    await until('both are up', () => broker.status().publishing === 'up' && broker.status().consuming === 'up', 30_000);
    expect(broker.consumer.available).toBe(true);
  });

  it('declares a deleted queue anew and goes on', async () => {
    const deliveries: Delivery[] = [];
    await broker.consumer.consume(shardNumber(0), (delivery) => {
      deliveries.push(delivery);
      delivery.ack();
    });
    await put([1]);
    await until('one', () => deliveries.length === 1);
    await world.channel.deleteQueue(`${world.names.commands}.00`);
    await until('the queue is back', async () => {
      await put([2]);
      return deliveries.length > 1;
    });
  });

  it('says in the dead letter which queue it comes from', async () => {
    await broker.consumer.consume(shardNumber(0), () => {});
    await world.put(Buffer.from('?'), 'chat');
    await until('a dead letter', async () => (await world.deadLetters()).length === 1);
    expect((await world.deadLetters())[0]).toMatchObject({ sourceQueue: `${world.names.commands}.00` });
  });
});
