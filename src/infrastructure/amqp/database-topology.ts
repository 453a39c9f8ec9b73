import { type AmqpError, BrokerRefused } from './broker-refused.ts';
import { exchange, exists, onFreshChannel, queue } from './declare.ts';
import type { Model } from './model.ts';
import { called } from './standing-channel.ts';

/** Names of the exchange that the sibling services publish to, and of the queue behind it. */
export type DatabaseNames = { readonly exchange: string; readonly queue: string };

/** What the siblings have is taken as it is; what is missing is made as their definitions have it: a direct exchange, a classic
 *  queue without arguments (any would be refused where the queue exists), bound with an empty routing key. Resolves with what had to be made; of the binding
 *  AMQP does not tell. */
export const declareDatabase = async (model: Model, names: DatabaseNames): Promise<readonly string[]> => {
  const there = {
    exchange: await exists(model, (channel, done) => channel.checkExchange(names.exchange, done)),
    queue: await exists(model, (channel, done) => channel.checkQueue(names.queue, done)),
  };
  if (!there.exchange) await onFreshChannel(model, (channel) => exchange(channel, names.exchange, 'direct'));
  if (!there.queue) await onFreshChannel(model, (channel) => queue(channel, names.queue, {}));
  // Also when both exist: one of us may have died between the queue and its binding. A binding that is there stays as it is.
  try {
    await onFreshChannel(model, (channel) =>
      called((done) => channel.bindQueue(names.queue, names.exchange, '', {}, done)),
    );
  } catch (error) {
    if ((error as AmqpError).code !== accessRefused) throw error;
    if (there.exchange && there.queue) return []; // a user who may only consume takes the binding as it is
    throw new BrokerRefused(
      `The queue "${names.queue}" may not be bound to the exchange "${names.exchange}": ${(error as Error).message}. ` +
        'Give the user write permission on the queue and read permission on the exchange, or bind it with an empty routing key.',
      { cause: error },
    );
  }
  const made = [!there.exchange && `exchange "${names.exchange}"`, !there.queue && `queue "${names.queue}"`];
  return made.filter((one) => one !== false);
};

const accessRefused = 403;
