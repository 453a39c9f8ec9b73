import type { CommandConsumer } from '../../application/ports/command-consumer.ts';
import type { CommandSender } from '../../application/ports/command-sender.ts';
import type { EventPublisher } from '../../application/ports/event-publisher.ts';
import type { Clock, Logger } from '../../application/ports/system.ts';
import { AmqpCommandConsumer } from './amqp-command-consumer.ts';
import { AmqpCommandSender } from './amqp-command-sender.ts';
import { AmqpEventPublisher } from './amqp-event-publisher.ts';
import { backoffMs } from './backoff.ts';
import { BrokerRefused } from './broker-refused.ts';
import { ConfirmedPublisher } from './confirmed-publisher.ts';
import { type ConnectionState, SupervisedConnection } from './connection.ts';
import { type AmqpCounts, noCounts } from './counts.ts';
import { DatabaseIngress, type FindHome } from './database-ingress.ts';
import type { DatabaseNames } from './database-topology.ts';
import type { BrokerEndpoint } from './model.ts';
import { shardExits } from './shard-exits.ts';
import { declareTopology, type Topology } from './topology.ts';

export type AmqpBrokerOptions = BrokerEndpoint & {
  readonly shardCount: number;
  readonly prefetch: number;
  /** A delivery is left unsettled at most so long; it must be well below the broker's `consumer_timeout`. 10 minutes by default. */
  readonly longestHoldMs?: number | undefined;
  readonly deliveryExchange: string;
  /** Of an exchange that is not there yet; `direct` by default. */
  readonly deliveryExchangeType?: string | undefined;
  readonly deliveryRoutingKey?: string | undefined;
  /** `chat.commands` and `chat.dead-letter` by default. */
  readonly names?: { readonly commands: string; readonly deadLetters: string } | undefined;
  /** The siblings' way in; left out, it is not served. */
  readonly database?: (DatabaseNames & { readonly home: FindHome }) | undefined;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Gives up waiting for the broker to come up. */
  readonly signal?: AbortSignal | undefined;
};

export type AmqpBroker = {
  readonly consumer: CommandConsumer;
  readonly sender: CommandSender;
  readonly publisher: EventPublisher;
  status(): { readonly consuming: ConnectionState; readonly publishing: ConnectionState };
  readonly counts: Readonly<AmqpCounts>;
  /** Ends both connections. Everything unsettled is delivered again, to whoever consumes next. */
  close(): Promise<void>;
};

export const ourNames = { commands: 'chat.commands', deadLetters: 'chat.dead-letter' };

/** Resolves when both connections are up and everything is declared, however long the broker takes to come up; rejects with
 *  BrokerRefused when waiting cannot help. */
export const openAmqpBroker = async (options: AmqpBrokerOptions): Promise<AmqpBroker> => {
  const { url, tls, logger, clock, signal, prefetch, longestHoldMs, deliveryExchange } = options;
  const names = options.names ?? ourNames;
  const connect = (name: string) =>
    SupervisedConnection.open({ url, tls, name: `chat-messaging ${name}`, logger, clock }, signal);
  const consuming = await connect('consuming');
  const publishing = await connect('publishing').catch(async (error) => {
    await consuming.close();
    throw error;
  });

  const topology: Topology = {
    ...names,
    shardCount: options.shardCount,
    deliveryExchange,
    deliveryExchangeType: options.deliveryExchangeType ?? 'direct',
    database: options.database,
  };
  const never = new AbortController().signal;
  try {
    await declareUntilDone(consuming, topology, clock, logger, signal ?? never);
  } catch (error) {
    await Promise.all([consuming.close(), publishing.close()]);
    throw error;
  }

  const counts = noCounts();
  const repair = repairOf(consuming, topology, logger);
  const shared = { repair, clock, logger };
  const moves = new ConfirmedPublisher({ connection: publishing, ...shared });
  const exits = shardExits(names, moves, counts, clock, logger);
  const sender = new AmqpCommandSender({ connection: publishing, exchange: names.commands, ...shared });
  const close = async () => {
    await Promise.all([moves.close(), sender.close()]);
    await Promise.all([consuming.close(), publishing.close()]);
  };
  await orAborted(sender.ready, signal ?? never).catch(async (error) => {
    await close();
    throw error;
  });
  const publisher = new AmqpEventPublisher({
    connection: publishing,
    exchange: deliveryExchange,
    routingKeyTemplate: options.deliveryRoutingKey ?? '',
    counts,
    ...shared,
  });
  const consumer = new AmqpCommandConsumer({
    connection: consuming,
    commands: names.commands,
    prefetch,
    longestHoldMs,
    // A broker that blocks publishers is there: it blocks those of every instance.
    available: () => consuming.state !== 'down' && publishing.state !== 'down',
    exits,
    counts,
    ...shared,
  });
  const ingress =
    options.database &&
    new DatabaseIngress({
      connection: consuming,
      database: options.database,
      commands: names.commands,
      home: options.database.home,
      prefetch,
      longestHoldMs,
      publisher: moves,
      exits,
      counts,
      ...shared,
    });
  return {
    consumer,
    sender,
    publisher,
    counts,
    status: () => ({ consuming: consuming.state, publishing: publishing.state }),
    async close() {
      publisher.close();
      await Promise.all([ingress?.close(), consumer.close()]);
      await close();
    },
  };
};

const orAborted = (done: Promise<void>, signal: AbortSignal): Promise<void> =>
  new Promise((resolve, reject) => {
    const aborted = () => reject(signal.reason);
    if (signal.aborted) return aborted();
    signal.addEventListener('abort', aborted, { once: true });
    done.then(resolve).finally(() => signal.removeEventListener('abort', aborted));
  });

const declareUntilDone = async (
  connection: SupervisedConnection,
  topology: Topology,
  clock: Clock,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> => {
  for (let attempt = 0; ; attempt++) {
    try {
      return await declareTopology(await connection.whenUp(signal), topology);
    } catch (error) {
      if (error instanceof BrokerRefused || signal.aborted) throw error;
      logger.warn({ err: error }, 'exchanges and queues could not be declared; trying again');
      await clock.sleep(backoffMs(attempt), signal);
    }
  }
};

/** Somebody deleted an exchange or a queue while we run: declared again, once for all channels that miss it. */
const repairOf = (connection: SupervisedConnection, topology: Topology, logger: Logger): (() => Promise<void>) => {
  let running: Promise<void> | undefined;
  return () => {
    const model = connection.model;
    if (model === undefined) return Promise.resolve();
    running ??= declareTopology(model, topology)
      .catch((error) => logger.error({ err: error }, 'exchanges and queues could not be declared again'))
      .finally(() => {
        running = undefined;
      });
    return running;
  };
};
