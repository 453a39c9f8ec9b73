import type { Channel } from 'amqplib/callback_api';
import { type AmqpError, BrokerRefused } from './broker-refused.ts';
import type { Model } from './model.ts';
import { called } from './standing-channel.ts';

const hashExchangePlugin = 'rabbitmq_consistent_hash_exchange';

export const exchange = (channel: Channel, name: string, type: string) =>
  called((done) => channel.assertExchange(name, type, { durable: true }, done)).catch((error: AmqpError) => {
    throw refusalFor(`exchange "${name}"`, error);
  });

export const queue = (channel: Channel, name: string, args: Record<string, unknown>) =>
  called((done) => channel.assertQueue(name, { durable: true, arguments: args }, done)).catch((error: AmqpError) => {
    throw refusalFor(`queue "${name}"`, error);
  });

export const refusalFor = (what: string, error: AmqpError): Error => {
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
export const onFreshChannel = async <T>(model: Model, use: (channel: Channel) => Promise<T>): Promise<T> => {
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

/** Asks with a passive declaration. A failed one kills its channel, so each has a channel of its own. */
export const exists = async (
  model: Model,
  check: (channel: Channel, done: (error: Error | null) => void) => void,
): Promise<boolean> => {
  try {
    await onFreshChannel(model, (channel) => called((done) => check(channel, (error) => done(error, undefined))));
    return true;
  } catch (error) {
    if ((error as AmqpError).code === 404) return false;
    throw error;
  }
};
