import type { Channel } from 'amqplib/callback_api';
import { type AmqpError, BrokerRefused } from './broker-refused.ts';
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
};

export const shardQueue = (commands: string, shard: number): string => `${commands}.${String(shard).padStart(2, '0')}`;

const hashExchangePlugin = 'rabbitmq_consistent_hash_exchange';

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

/** Declares everything that is ours, and the delivery exchange when it is not there. Repeating it changes nothing. Rejects with
 *  BrokerRefused when an object stands there in another form, a plugin or a permission is missing; other failures may heal. */
export const declareTopology = async (model: Model, topology: Topology): Promise<void> => {
  await declareDeliveryExchange(model, topology);
  await onFreshChannel(model, async (channel) => {
    const { commands, deadLetters } = topology;
    await exchange(channel, deadLetters, 'direct');
    await queue(channel, deadLetters, { 'x-queue-type': 'quorum' });
    await called((done) => channel.bindQueue(deadLetters, deadLetters, deadLetters, {}, done));
    await exchange(channel, commands, 'x-consistent-hash');
    // One after the other, ascending: only then does the ring look the same after the broker's restart.
    for (let shard = 0; shard < topology.shardCount; shard++) {
      const name = shardQueue(commands, shard);
      await queue(channel, name, shardQueueArguments(deadLetters));
      await called((done) => channel.bindQueue(name, commands, '1', {}, done));
    }
  });
};

/** Somebody else's in most installations, so it is taken as it is; what is not there is made. */
const declareDeliveryExchange = async (model: Model, topology: Topology): Promise<void> => {
  const name = topology.deliveryExchange;
  try {
    await onFreshChannel(model, (channel) => called((done) => channel.checkExchange(name, done)));
  } catch (error) {
    if ((error as AmqpError).code !== 404) throw error;
    // The failed check has closed its channel.
    await onFreshChannel(model, (channel) => exchange(channel, name, topology.deliveryExchangeType));
  }
};

const exchange = (channel: Channel, name: string, type: string) =>
  called((done) => channel.assertExchange(name, type, { durable: true }, done)).catch((error: AmqpError) => {
    throw refusalFor(`exchange "${name}"`, error);
  });

const queue = (channel: Channel, name: string, args: Record<string, unknown>) =>
  called((done) => channel.assertQueue(name, { durable: true, arguments: args }, done)).catch((error: AmqpError) => {
    throw refusalFor(`queue "${name}"`, error);
  });

const refusalFor = (what: string, error: AmqpError): Error => {
  if (/(unknown|invalid) exchange type/.test(error.message)) return missingType(error);
  if (error.code === 406) {
    return new BrokerRefused(
      `The ${what} exists in another form: ${error.message}. Let it drain and delete it, so that it is declared anew, or ` +
        'give this service a vhost of its own.',
      { cause: error },
    );
  }
  if (error.code === 403) {
    return new BrokerRefused(
      `The ${what} may not be declared: ${error.message}. Give the user configure, write and read permissions on this vhost.`,
      { cause: error },
    );
  }
  return error;
};

const missingType = (error: Error): Error =>
  /x-consistent-hash/.test(error.message)
    ? new BrokerRefused(`RabbitMQ lacks a plugin; enable it with: rabbitmq-plugins enable ${hashExchangePlugin}`, {
        cause: error,
      })
    : new BrokerRefused(`RabbitMQ does not know the type of an exchange: ${error.message}`, { cause: error });

/** An unknown exchange type ends the whole connection, and the call itself learns only that its channel is gone. */
const onFreshChannel = async <T>(model: Model, use: (channel: Channel) => Promise<T>): Promise<T> => {
  let connectionError: AmqpError | undefined;
  const remember = (error: Error) => {
    connectionError = error;
  };
  model.on('error', remember);
  try {
    let channel: Channel | undefined;
    await called((done) => {
      channel = model.createChannel(done);
      channel.on('error', () => {}); // the call that caused it reports it
    });
    const result = await use(channel!);
    channel!.close();
    return result;
  } catch (error) {
    throw connectionError === undefined ? error : refusalFor('topology', connectionError);
  } finally {
    model.off('error', remember);
  }
};
