import type { ConsumeMessage } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ChatId, type ShardNumber, shardNumber } from '../../src/domain/ids.ts';
import type { AmqpBroker, AmqpBrokerOptions } from '../../src/infrastructure/amqp/amqp-broker.ts';
import { databaseCheckEveryMs } from '../../src/infrastructure/amqp/database-watch.ts';
import { shardQueue } from '../../src/infrastructure/amqp/topology.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import { encodeCommand } from '../../src/interface-adapters/amqp/command-json.ts';
import { post } from '../support/commands.ts';
import { until } from '../support/until.ts';
import { CuttableProxy } from './cuttable-proxy.ts';
import { RabbitmqWorld } from './rabbitmq-harness.ts';

const shards = [0, 1, 2];
const ids = (messages: readonly ConsumeMessage[]) =>
  messages.map(({ content }) => JSON.parse(content.toString()).client_message_id);
const names = (count: number, from = 1) => Array.from({ length: count }, (_, n) => `m${n + from}`);

/** Its minutes pass when the test says so. */
class MinuteClock extends SystemClock {
  readonly #sleepers = new Set<() => void>();

  get waiting(): number {
    return this.#sleepers.size;
  }

  passMinute(): void {
    for (const wake of this.#sleepers) wake();
    this.#sleepers.clear();
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (ms !== databaseCheckEveryMs) return super.sleep(ms, signal);
    return new Promise((resolve, reject) => {
      this.#sleepers.add(resolve);
      signal?.addEventListener('abort', () => {
        this.#sleepers.delete(resolve);
        reject(signal.reason);
      });
    });
  }
}

describe('The queue of the siblings', () => {
  let world: RabbitmqWorld;
  let database: { exchange: string; queue: string };
  let homes: Map<string, ShardNumber>;
  let brokers: AmqpBroker[];

  beforeEach(async () => {
    world = await RabbitmqWorld.open(shards.length);
    database = { exchange: `${world.prefix}.database`, queue: `${world.prefix}.database.primary` };
    homes = new Map();
    brokers = [];
  });
  afterEach(async () => {
    await Promise.all(brokers.map((broker) => broker.close()));
    await world.channel.deleteQueue(database.queue);
    await world.channel.deleteExchange(database.exchange);
    await world.close();
  });

  const home = async (chatId: ChatId) => homes.get(chatId);
  const start = async (options: Partial<AmqpBrokerOptions> = {}) => {
    const broker = await world.start({ database: { ...database, home }, ...options });
    brokers.push(broker);
    return broker;
  };
  const publish = async (body: Uint8Array, options: object = {}) => {
    world.channel.publish(database.exchange, '', Buffer.from(body), { mandatory: true, ...options });
    await world.channel.waitForConfirms();
  };
  const send = (chat: string, name: string, options: object = {}) =>
    publish(encodeCommand(post(chat, name, { seedForm: true })), options);
  /** What arrives in a shard's queue from now on; a single active consumer's queue cannot be read with get. */
  const arrivals = async (shard: number) => {
    const messages: ConsumeMessage[] = [];
    const take = (message: ConsumeMessage | null) => message !== null && messages.push(message);
    await world.channel.consume(shardQueue(world.names.commands, shard), take, { noAck: true });
    return messages;
  };
  const taken = async (shard: number, count: number) => {
    const messages = await arrivals(shard);
    await until(`${count} in shard ${shard}`, () => messages.length >= count);
    return messages;
  };
  const moved = (count: number) =>
    until(`${count} moved`, () => brokers.reduce((sum, { counts }) => sum + counts.ingested, 0) === count);
  const depth = async () => (await world.channel.checkQueue(database.queue)).messageCount;
  const isConsumed = async () => (await world.channel.checkQueue(database.queue)).consumerCount === 1;

  it('goes to the home of each chat, in order, although homes take their time to be found', async () => {
    homes.set('a', shardNumber(2)).set('b', shardNumber(0));
    let lookUps = 0;
    const slowAtFirst = async (chatId: ChatId) => {
      const delay = lookUps++ === 0 ? 50 : 0;
      await new Promise((resolve) => setTimeout(resolve, delay));
      return homes.get(chatId);
    };
    await start({ database: { ...database, home: slowAtFirst } });
    for (const name of names(50)) for (const chat of ['a', 'b']) await send(chat, name);
    await moved(100);
    expect(ids(await taken(2, 50))).toEqual(names(50));
    expect(ids(await taken(0, 50))).toEqual(names(50));
    expect(lookUps).toBe(2);
    await until('all acked', async () => (await depth()) === 0);
  });

  it('keeps the order of a chat when the broker refuses its messages for a while', async () => {
    homes.set('a', shardNumber(1)).set('b', shardNumber(0));
    await start();
    const blocked = shardQueue(world.names.commands, 1);
    await world.channel.deleteQueue(blocked);
    const full = { durable: true, arguments: { 'x-max-length': 2, 'x-overflow': 'reject-publish' } };
    await world.channel.assertQueue(blocked, full);
    for (const name of names(10)) await send('a', name);
    await send('b', 'm1');
    expect(ids(await taken(0, 1))).toEqual(['m1']);
    const order: string[] = [];
    await until(
      'all ten',
      async () => {
        const message = await world.channel.get(blocked, { noAck: true });
        const id = message && JSON.parse(message.content.toString()).client_message_id;
        if (id && !order.includes(id)) order.push(id);
        return order.length === 10;
      },
      30_000,
    );
    expect(order).toEqual(names(10));
  });

  it('goes the way of the hash while a chat has no home, and is asked for again', async () => {
    let lookUps = 0;
    const counted = (chatId: ChatId) => {
      lookUps++;
      return home(chatId);
    };
    await start({ database: { ...database, home: counted } });
    const lying = await Promise.all(shards.map(arrivals));
    await world.put(encodeCommand(post('new', 'hashed')), 'new');
    await send('new', 'm1');
    await until('both there', () => lying.flat().length === 2);
    const hashed = lying.findIndex((messages) => messages.length > 0);
    expect(ids(lying[hashed]!)).toEqual(['hashed', 'm1']);
    expect(lying[hashed]![1]!.fields.exchange).toBe(world.names.commands);
    const other = (hashed + 1) % shards.length;
    expect(lookUps).toBe(1);
    homes.set('new', shardNumber(other));
    await send('new', 'm2');
    await until('the third there', () => lying.flat().length === 3);
    expect(ids(lying[other]!)).toEqual(['m2']);
    expect(lying[other]![0]!.fields.exchange).toBe('');
    expect(lookUps).toBe(2);
  });

  it('waits for a store that is away', async () => {
    homes.set('a', shardNumber(1));
    let failures = 3;
    const failing = async (chatId: ChatId) => {
      if (failures-- > 0) throw new Error('the store is away');
      return homes.get(chatId);
    };
    await start({ database: { ...database, home: failing } });
    for (const name of names(3)) await send('a', name);
    await moved(3);
    expect(ids(await taken(1, 3))).toEqual(names(3));
  });

  it('moves the body and the properties as they are, but persistent', async () => {
    homes.set('a', shardNumber(0));
    await start();
    const body = Buffer.from(
      ` ${JSON.stringify({ ...JSON.parse(encodeCommand(post('a', 'm1')).toString()), extra: 1 })}`,
    );
    const properties = { messageId: 'id', correlationId: 'c', replyTo: 'r', type: 't', headers: { traceparent: 'tp' } };
    await publish(body, { ...properties, persistent: false, priority: 9 });
    await moved(1);
    const [message] = await taken(0, 1);
    expect(message!.content.toString()).toBe(body.toString());
    expect(message!.properties).toMatchObject({ ...properties, deliveryMode: 2 });
    expect(message!.properties.headers).not.toHaveProperty('x-redelivered');
    // A quorum queue of RabbitMQ 4 would let it overtake.
    expect(message!.properties.priority).toBeUndefined();
  });

  it('puts what cannot be read among the dead letters, and goes on', async () => {
    homes.set('a', shardNumber(0));
    await start();
    await send('a', 'm1');
    await publish(Buffer.from('no JSON'), { expiration: '60000' });
    await publish(Buffer.from(JSON.stringify({ chat_id: 'a', sender_id: 1, body: 'no id' })));
    await send('a', 'm2');
    await moved(2);
    expect(ids(await taken(0, 2))).toEqual(['m1', 'm2']);
    await until('two dead letters', async () => (await world.deadLetters()).length === 2);
    const letters = await world.deadLetters();
    expect(letters.map(({ body }) => body.toString())).toContain('no JSON');
    expect(letters.map(({ reason }) => reason).join()).toMatch(/not JSON/);
    expect(letters.map(({ reason }) => reason).join()).toMatch(/client_message_id/);
    expect(letters.every(({ sourceQueue }) => sourceQueue === database.queue)).toBe(true);
    expect(letters.map(({ expiration }) => expiration)).toEqual([undefined, undefined]);
    await until('all acked', async () => (await depth()) === 0);
  });

  it('is consumed by one instance at a time, and by the next one when that one goes', async () => {
    homes.set('a', shardNumber(0));
    const first = await start();
    await until('consumed', isConsumed);
    const second = await start();
    const isWaiting = () => world.log.some(({ message }) => message === 'another consumer has this queue');
    await until('the second was refused', isWaiting);
    for (const name of names(10)) await send('a', name);
    await moved(10);
    expect([first.counts.ingested, second.counts.ingested]).toEqual([10, 0]);
    await first.close();
    for (const name of names(10, 11)) await send('a', name);
    await moved(20);
    expect(second.counts.ingested).toBe(10);
    expect(ids(await taken(0, 20))).toEqual(names(20));
    expect(world.log.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });

  it('gives everything unmoved again after the connection was cut, in order, marked as delivered before', async () => {
    homes.set('a', shardNumber(0));
    const proxy = await CuttableProxy.listen();
    let cut = false;
    let asked = 0;
    const home = (chatId: ChatId) => {
      asked++;
      return cut ? Promise.resolve(homes.get(chatId)) : new Promise<undefined>(() => {});
    };
    await start({ url: proxy.url, database: { ...database, home } });
    for (const name of names(5)) await send('a', name);
    await until('it has begun', () => asked === 1);
    cut = true;
    proxy.cut();
    await moved(5);
    const messages = await taken(0, 5);
    expect(ids(messages)).toEqual(names(5));
    expect(messages.every(({ properties }) => properties.headers?.['x-redelivered'] === true)).toBe(true);
    await brokers.pop()!.close();
    await proxy.close();
  });

  it('acks what is on its way before it closes, and begins nothing more', async () => {
    homes.set('a', shardNumber(0));
    const proxy = await CuttableProxy.listen();
    const broker = await start({ url: proxy.url });
    await until('consumed', isConsumed);
    proxy.hold();
    for (const name of names(3)) await send('a', name);
    await until('the first is on its way', () => proxy.holds('"m1"'));
    const closed = broker.close();
    proxy.release();
    await closed;
    expect(await depth()).toBe(2);
    const messages = await taken(0, 1);
    await start();
    await until('all there', () => messages.length >= 3);
    expect(ids(messages)).toEqual(names(3));
    await proxy.close();
  });

  describe('with the objects of the siblings', () => {
    it('uses them as they are', async () => {
      homes.set('a', shardNumber(0));
      // The broker refuses any other form of an object that exists.
      const declare = async () => {
        await world.channel.assertExchange(database.exchange, 'direct', { durable: true });
        await world.channel.assertQueue(database.queue, { durable: true });
      };
      await declare();
      await world.channel.bindQueue(database.queue, database.exchange, '');
      await send('a', 'm1');
      await start();
      await send('a', 'm2');
      await moved(2);
      expect(ids(await taken(0, 2))).toEqual(['m1', 'm2']);
      await declare();
    });

    it('does not ask for a form of its own', async () => {
      homes.set('a', shardNumber(0));
      await world.channel.assertExchange(database.exchange, 'fanout', { durable: false });
      await world.channel.assertQueue(database.queue, { durable: true, arguments: { 'x-max-length': 1_000 } });
      await start();
      await send('a', 'm1');
      await moved(1);
    });

    it('makes what is missing exactly as they would', async () => {
      await start();
      await until('consumed', isConsumed);
      await world.channel.assertExchange(database.exchange, 'direct', { durable: true });
      await world.channel.assertQueue(database.queue, { durable: true });
    });

    describe('when somebody takes the exchange or the binding away', () => {
      const warnings = () =>
        world.log.filter(({ level, message }) => level === 'warn' && message.includes('made again'));

      it('makes them again within a minute, and says what was gone', async () => {
        homes.set('a', shardNumber(0));
        const clock = new MinuteClock();
        await start({ clock });
        await until('looked at', () => clock.waiting === 1);
        await world.channel.deleteExchange(database.exchange);
        clock.passMinute();
        await until('looked at again', () => clock.waiting === 1);
        await send('a', 'm1');
        await moved(1);
        expect(warnings().map(({ fields }) => fields)).toEqual([{ made: [`exchange "${database.exchange}"`] }]);
        await world.channel.unbindQueue(database.queue, database.exchange, '');
        clock.passMinute();
        await until('looked at a third time', () => clock.waiting === 1);
        await send('a', 'm2');
        await moved(2);
        await brokers.pop()!.close();
        expect(clock.waiting).toBe(0);
      });

      it('makes them again when it comes back to the broker', async () => {
        homes.set('a', shardNumber(0));
        const proxy = await CuttableProxy.listen();
        const clock = new MinuteClock();
        await start({ url: proxy.url, clock });
        await until('looked at', () => clock.waiting === 1);
        await world.channel.unbindQueue(database.queue, database.exchange, '');
        proxy.cut();
        await until('cut', () => clock.waiting === 0);
        await until('looked at again', () => clock.waiting === 1);
        await send('a', 'm1');
        await moved(1);
        await brokers.pop()!.close();
        await proxy.close();
      });
    });

    it('makes them again when somebody deletes them', async () => {
      homes.set('a', shardNumber(0));
      await start();
      await until('consumed', isConsumed);
      await world.channel.deleteQueue(database.queue);
      await until('there again', async () => {
        // A look at a queue that is not there costs its channel.
        const channel = await world.fresh();
        const there = await channel.checkQueue(database.queue).then(
          ({ consumerCount }) => consumerCount === 1,
          () => false,
        );
        if (there) await channel.close();
        return there;
      });
      await send('a', 'm1');
      await moved(1);
    });
  });
});
