import { randomUUID } from 'node:crypto';
import type { Channel, ConsumeMessage } from 'amqplib/callback_api';
import type { Clock, Logger } from '../../application/ports/system.ts';
import type { ChatId, ShardNumber } from '../../domain/ids.ts';
import { decodeCommands } from '../../interface-adapters/amqp/command-json.ts';
import { BoundedCache } from '../system/bounded-cache.ts';
import type { ShardExits } from './amqp-delivery.ts';
import { backoffMs } from './backoff.ts';
import type { AmqpError } from './broker-refused.ts';
import { ChatLines } from './chat-lines.ts';
import type { ConfirmedPublisher } from './confirmed-publisher.ts';
import type { SupervisedConnection } from './connection.ts';
import type { AmqpCounts } from './counts.ts';
import type { DatabaseNames } from './database-topology.ts';
import { watchDatabase } from './database-watch.ts';
import { passedOn, redeliveredHeader, wasRedelivered } from './message-properties.ts';
import type { Parcel } from './parcel.ts';
import { ShardChannel } from './shard-channel.ts';
import { consumerTagOf } from './shard-exits.ts';
import { called, StandingChannel } from './standing-channel.ts';
import { shardQueue } from './topology.ts';

/** The shard a chat belongs to, as the store has it; undefined while nobody has claimed it. May reject while the store is away. */
export type FindHome = (chatId: ChatId) => Promise<ShardNumber | undefined>;

export type DatabaseIngressOptions = {
  readonly connection: SupervisedConnection;
  readonly database: DatabaseNames;
  /** The hash exchange, and the stem of the shard queues. */
  readonly commands: string;
  readonly home: FindHome;
  readonly prefetch: number;
  readonly longestHoldMs?: number | undefined;
  readonly publisher: ConfirmedPublisher;
  readonly exits: ShardExits;
  readonly repair: () => Promise<void>;
  readonly counts: AmqpCounts;
  readonly clock: Clock;
  readonly logger: Logger;
};

const cachedHomes = 50_000;
const takeOverEveryMs = 2_000;
const lastForwardsMs = 3_000;

/** Moves what the siblings publish into the shard queues, unread but for the chat id (ADR-009). The queue cannot be
 *  single-active-consumer, so the consumer is exclusive: one instance has it, the others try again until that one is gone. */
export class DatabaseIngress {
  readonly #options: DatabaseIngressOptions;
  readonly #standing: StandingChannel<Channel>;
  /** Homes never move, so a found one may be kept; absence never is. */
  readonly #homes = new BoundedCache<ChatId, ShardNumber>(cachedHomes);
  #channel: ShardChannel | undefined;
  #waiting = false;
  #closing = false;
  /** On their way out and not acked yet. */
  readonly #forwards = new Set<Promise<void>>();

  constructor(options: DatabaseIngressOptions) {
    this.#options = options;
    const { connection, database, repair, clock, logger } = options;
    this.#standing = new StandingChannel<Channel>({
      connection,
      name: database.queue,
      create: (model, opened) => model.createChannel(opened),
      setup: (channel) => this.#startConsuming(channel),
      onLost: () => this.#lost(),
      expected: (problem) => this.#pauseAfter(problem),
      repair,
      clock,
      logger,
    });
  }

  /** Begins nothing more, waits for the confirms of what has been published, and acks it: whoever is next would move it a second
   *  time, and its copy, marked as a repeat, could arrive before ours. The rest is handed back. */
  async close(): Promise<void> {
    this.#closing = true;
    const over = new AbortController();
    const longEnough = this.#options.clock.sleep(lastForwardsMs, over.signal).catch(() => {});
    await Promise.race([Promise.all(this.#forwards), longEnough]);
    over.abort();
    this.#channel?.flush(true);
    this.#lost();
    await this.#standing.close();
  }

  async #startConsuming(channel: Channel): Promise<void> {
    const { connection, database, prefetch, longestHoldMs, clock, counts, logger } = this.#options;
    const { queue } = database;
    await called((done) => channel.prefetch(prefetch, false, done));
    const shardChannel = new ShardChannel(channel, {
      prefetch,
      longestHoldMs,
      onHeldTooLong: (held) => {
        logger.warn(
          { queue, ...held },
          'a message was not moved for too long; its channel is closed and it comes again',
        );
        this.#standing.replace();
      },
      clock,
      counts,
    });
    const lines = new ChatLines();
    this.#channel = shardChannel;
    const onMessage = (message: ConsumeMessage | null) => {
      if (message !== null) this.#received(message, shardChannel, lines);
      else this.#standing.replace(); // the broker ended the consumer: queue deleted, or held too long
    };
    const consumer = { noAck: false, exclusive: true, consumerTag: consumerTagOf(queue, randomUUID()) };
    await called((done) => channel.consume(queue, onMessage, consumer, done));
    this.#waiting = false;
    logger.info({ queue }, 'this instance moves what the siblings publish');
    void watchDatabase({ connection, database, clock, logger }, shardChannel.signal);
  }

  #received(message: ConsumeMessage, channel: ShardChannel, lines: ChatLines): void {
    if (!channel.live || this.#closing) return;
    channel.delivered(message.fields.deliveryTag);
    const decoded = decodeCommands(message.content);
    if (decoded.ok) lines.join(decoded.chatId, () => this.#move(message, decoded.chatId, channel));
    else void this.#leave(message, channel, this.#options.exits.deadLetter(message, decoded.reason, channel.signal));
  }

  /** Does nothing when the channel was lost first: then it comes again. Never rejects. */
  async #move(message: ConsumeMessage, chatId: ChatId, channel: ShardChannel): Promise<void> {
    const { commands } = this.#options;
    const home = this.#homes.get(chatId) ?? (await this.#findHome(chatId, channel.signal));
    if (home === 'lost' || channel.signal.aborted || this.#closing) return;
    const ownHeaders = wasRedelivered(message) ? { [redeliveredHeader]: true } : {};
    const address =
      home === undefined
        ? { exchange: commands, routingKey: chatId }
        : { exchange: '', routingKey: shardQueue(commands, home) };
    // The siblings publish transient messages: from here on they are kept.
    const options = { ...passedOn(message, ownHeaders), deliveryMode: 2 };
    const parcel = { ...address, content: message.content, options, ownHeaders };
    await this.#leave(message, channel, this.#publish(parcel, channel.signal));
  }

  async #publish(parcel: Parcel, signal: AbortSignal): Promise<boolean> {
    const moved = await this.#options.publisher.deliver(parcel, signal);
    if (moved) this.#options.counts.ingested++;
    return moved;
  }

  /** Acks it when it has left; `exit` resolves false when the channel was lost first. */
  #leave(message: ConsumeMessage, channel: ShardChannel, exit: Promise<boolean>): Promise<void> {
    const done = exit.then((left) => {
      this.#forwards.delete(done);
      if (left) channel.settle(message.fields.deliveryTag);
    });
    this.#forwards.add(done);
    return done;
  }

  async #findHome(chatId: ChatId, signal: AbortSignal): Promise<ShardNumber | undefined | 'lost'> {
    const { home, clock, logger } = this.#options;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        const found = await home(chatId);
        if (found !== undefined) this.#homes.set(chatId, found);
        return found;
      } catch (error) {
        if (attempt === 3) logger.warn({ err: error, chatId }, 'the home of a chat cannot be read; trying on');
        await clock.sleep(backoffMs(attempt), signal).catch(() => {});
      }
    }
    return 'lost';
  }

  /** Somebody else consumes the queue: the usual state of all instances but one. */
  #pauseAfter({ code, message }: AmqpError): number | undefined {
    if (code !== 403 || !message.includes('in exclusive use')) return undefined;
    if (!this.#waiting)
      this.#options.logger.info({ queue: this.#options.database.queue }, 'another consumer has this queue');
    this.#waiting = true;
    return takeOverEveryMs * (0.5 + Math.random());
  }

  #lost(): void {
    this.#channel?.lost();
    this.#channel = undefined;
  }
}
