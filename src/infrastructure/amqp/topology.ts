import { BrokerRefused } from './broker-refused.ts';
import { type DatabaseNames, declareDatabase } from './database-topology.ts';
import { exchange, exists, onFreshChannel, queue } from './declare.ts';
import type { Model } from './model.ts';
import { called } from './standing-channel.ts';

export type Topology = {
  /** Name of the exchange and stem of the shard queues. */
  readonly commands: string;
  /** Name of the exchange, of its queue and of the routing key between them. */
  readonly deadLetters: string;
  readonly shardCount: number;
  readonly deliveryExchange: string;
  readonly deliveryExchangeType: string;
  /** The siblings' way in, when it is served. */
  readonly database?: DatabaseNames | undefined;
};

export const shardQueue = (commands: string, shard: number): string => `${commands}.${String(shard).padStart(2, '0')}`;

/** DESIGN §8. The limit is far above what restarts can reach: closing a channel counts for all that was prefetched. */
const shardQueueArguments = (deadLetters: string) => ({
  'x-queue-type': 'quorum',
  'x-single-active-consumer': true,
  'x-delivery-limit': 1_000,
  'x-dead-letter-exchange': deadLetters,
  'x-dead-letter-routing-key': deadLetters,
  'x-dead-letter-strategy': 'at-least-once', // needs reject-publish
  'x-overflow': 'reject-publish',
  'x-max-length': 1_000_000,
});

/** RabbitMQ 4 drops a message of a quorum queue after 20 deliveries when nothing else is said, and every look at the dead letters
 *  counts as one. */
const deadLetterArguments = { 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000 };

/** Declares everything that is ours, and of the siblings' what is not there. Repeating it changes nothing. Rejects with
 *  BrokerRefused when an object stands there in another form, a plugin or a permission is missing; other failures may heal. */
export const declareTopology = async (model: Model, topology: Topology): Promise<void> => {
  await declareDeliveryExchange(model, topology);
  if (topology.database !== undefined) await declareDatabase(model, topology.database);
  await declareDeadLetters(model, topology.deadLetters);
  await onFreshChannel(model, async (channel) => {
    const { commands, deadLetters } = topology;
    await exchange(channel, commands, 'x-consistent-hash');
    // One after the other, ascending: only then does the ring look the same after the broker's restart.
    for (let shard = 0; shard < topology.shardCount; shard++) {
      const name = shardQueue(commands, shard);
      await queue(channel, name, shardQueueArguments(deadLetters));
      await called((done) => channel.bindQueue(name, commands, '1', {}, done));
    }
  });
};

/** A queue of an earlier version, without the limit, is kept: it may hold dead letters. */
const declareDeadLetters = async (model: Model, name: string): Promise<void> => {
  const declare = (args: Record<string, unknown>) =>
    onFreshChannel(model, async (channel) => {
      await exchange(channel, name, 'direct');
      await queue(channel, name, args);
      await called((done) => channel.bindQueue(name, name, name, {}, done));
    });
  await declare(deadLetterArguments).catch((error) => {
    if (!(error instanceof BrokerRefused)) throw error;
    return declare({ 'x-queue-type': 'quorum' });
  });
};

/** Somebody else's in most installations, so it is taken as it is; what is not there is made. */
const declareDeliveryExchange = async (model: Model, topology: Topology): Promise<void> => {
  const name = topology.deliveryExchange;
  if (await exists(model, (channel, done) => channel.checkExchange(name, done))) return;
  await onFreshChannel(model, (channel) => exchange(channel, name, topology.deliveryExchangeType));
};
