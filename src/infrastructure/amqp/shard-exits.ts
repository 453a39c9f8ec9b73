import { randomBytes } from 'node:crypto';
import type { Clock, Logger } from '../../application/ports/system.ts';
import type { ShardExits } from './amqp-delivery.ts';
import type { ConfirmedPublisher } from './confirmed-publisher.ts';
import type { AmqpCounts } from './counts.ts';
import { deadLetterHeaders, deliveriesOf, isDeathHeader, passedOn } from './message-properties.ts';
import { shardQueue } from './topology.ts';

type Names = { readonly commands: string; readonly deadLetters: string };

export const shardExits = (
  names: Names,
  publisher: ConfirmedPublisher,
  counts: AmqpCounts,
  clock: Clock,
  logger: Logger,
): ShardExits => ({
  /** To the queue itself, by the default exchange: the hash of the chat id would bring it back. */
  async forward(message, shard, headers, signal) {
    const options = passedOn(message, headers);
    const routingKey = shardQueue(names.commands, shard);
    const moved = await publisher.deliver(
      { exchange: '', routingKey, content: message.content, options, ownHeaders: headers },
      signal,
    );
    if (moved) counts.forwarded++;
    return moved;
  },

  /** The payload stays untouched; the headers say why and whence. An `expiration` stays behind: it would end the letter unseen. So
   *  does an earlier death, which only a letter has that the broker itself dropped. */
  async deadLetter(message, reason, signal) {
    const sourceQueue = sourceQueueOf(message.fields.consumerTag);
    const { id, at, reason: why, source, attempts } = deadLetterHeaders;
    const headers = {
      [id]: randomBytes(6).toString('hex'),
      [at]: new Date(clock.now() / 1_000).toISOString(),
      [why]: reason.slice(0, 1_000),
      [source]: sourceQueue,
      [attempts]: deliveriesOf(message),
    };
    const passed = passedOn(message, headers);
    const kept = Object.fromEntries(Object.entries(passed.headers ?? {}).filter(([name]) => !isDeathHeader(name)));
    const options = { ...passed, headers: kept, expiration: undefined, deliveryMode: 2 };
    const parcel = { exchange: names.deadLetters, routingKey: names.deadLetters, content: message.content, options };
    const moved = await publisher.deliver({ ...parcel, ownHeaders: headers }, signal);
    if (moved) {
      counts.deadLettered++;
      logger.warn({ sourceQueue, reason, bodyBytes: message.content.length }, 'command moved to the dead letters');
    }
    return moved;
  },
});

/** Consumer tags are `<queue>#<random>`: fresh ones every time (rabbitmq-server#5927), and a delivery does not name its queue. */
export const consumerTagOf = (queue: string, random: string): string => `${queue}#${random}`;

const sourceQueueOf = (consumerTag: string): string => consumerTag.slice(0, consumerTag.lastIndexOf('#'));
