import { connect as connectModel } from 'amqplib/callback_api';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Model } from '../../src/infrastructure/amqp/model.ts';
import { declareTopology, shardQueue } from '../../src/infrastructure/amqp/topology.ts';
import { until } from '../support/until.ts';
import { RabbitmqWorld, rabbitmqUrl } from './rabbitmq-harness.ts';

const shards = 8;
const chats = Array.from({ length: 400 }, (_, number) => `chat-${number}`);

/** A restarted broker builds the ring anew from its stored bindings, in the order of the queues' names; here they are taken away and
 *  bound again so. Every chat that is then routed elsewhere costs a forward with each of its commands. */
describe('The hash ring of RabbitMQ', () => {
  let world: RabbitmqWorld;
  beforeEach(async () => {
    world = await RabbitmqWorld.open(shards);
  });
  afterEach(() => world.close());

  const ascending = Array.from({ length: shards }, (_, shard) => shard);
  const queueOf = (shard: number) => shardQueue(world.names.commands, shard);

  const bind = async (order: readonly number[]) => {
    for (const shard of order) await world.channel.bindQueue(queueOf(shard), world.names.commands, '1');
  };
  const bindAgain = async (order: readonly number[]) => {
    for (const shard of ascending) await world.channel.unbindQueue(queueOf(shard), world.names.commands, '1');
    await bind(order);
  };

  const declareAsTheServiceDoes = async () => {
    const model = await new Promise<Model>((resolve, reject) =>
      connectModel(rabbitmqUrl(), {}, (error, opened) => (error ? reject(error) : resolve(opened))),
    );
    const { commands, deadLetters } = world.names;
    const delivery = { deliveryExchange: world.deliveryExchange, deliveryExchangeType: 'direct' };
    await declareTopology(model, { commands, deadLetters, shardCount: shards, ...delivery });
    await new Promise<void>((resolve) => model.close(() => resolve()));
  };

  /** By chat, the shard whose queue gets its commands. */
  const routes = async (): Promise<ReadonlyMap<string, number>> => {
    for (const chat of chats) await world.put(Buffer.from(chat), chat);
    const found = new Map<string, number>();
    const channel = await world.fresh();
    for (const shard of ascending)
      await channel.consume(queueOf(shard), (message) => found.set(`${message?.content}`, shard), { noAck: true });
    await until('every chat has come by some queue', () => found.size === chats.length);
    await channel.close();
    return found;
  };
  const forwards = (before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>) =>
    chats.filter((chat) => before.get(chat) !== after.get(chat)).length;

  it('sends no chat elsewhere after a restart, since the queues are bound in ascending order', async () => {
    await declareAsTheServiceDoes();
    const before = await routes();
    expect(new Set(before.values()).size).toBe(shards);
    await bindAgain(ascending);
    expect(forwards(before, await routes())).toBe(0);
  });

  it('would send chats elsewhere if they had been bound in any other order', async () => {
    await declareAsTheServiceDoes();
    await bindAgain([5, 2, 7, 0, 3, 6, 1, 4]);
    const before = await routes();
    await bindAgain(ascending);
    expect(forwards(before, await routes())).toBeGreaterThan(chats.length / 4);
  });
});
