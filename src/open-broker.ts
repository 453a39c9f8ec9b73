import type { CommandConsumer } from './application/ports/command-consumer.ts';
import type { CommandSender } from './application/ports/command-sender.ts';
import type { EventPublisher } from './application/ports/event-publisher.ts';
import type { Clock, Logger } from './application/ports/system.ts';
import type { Telemetry } from './application/ports/telemetry.ts';
import { type AmqpBroker, openAmqpBroker } from './infrastructure/amqp/amqp-broker.ts';
import type { FindHome } from './infrastructure/amqp/database-ingress.ts';
import type { Config } from './infrastructure/config/config.ts';
import { openInProcessBroker } from './infrastructure/in-process/in-process-broker.ts';

export type Broker = {
  readonly consumer: CommandConsumer;
  readonly sender: CommandSender;
  readonly publisher: EventPublisher;
  /** Throws what is wrong with the connections, if anything. */
  check(): void;
  close(): Promise<void>;
};

type Surroundings = {
  readonly shardCount: number;
  /** Where a chat belongs, for what comes in over the siblings' queue. */
  readonly home: FindHome;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly signal: AbortSignal;
};

/** RabbitMQ when it is configured, else the one in this process. Waits for a server that may come up later; rejects when waiting
 *  cannot help. */
export const openBroker = async (config: Config, surroundings: Surroundings): Promise<Broker> => {
  const { rabbitmq, delivery, database, prefetch } = config;
  if (rabbitmq === undefined) {
    const embedded = openInProcessBroker({ ...surroundings, prefetch });
    surroundings.telemetry.watch('deadLettered', () => [{ value: embedded.deadLettered }]);
    const { consumer, sender, publisher } = embedded;
    return { consumer, sender, publisher, check: () => {}, close: async () => {} };
  }
  const broker = await openAmqpBroker({
    ...surroundings,
    ...rabbitmq,
    prefetch,
    deliveryExchange: delivery.exchange,
    deliveryExchangeType: delivery.exchangeType,
    deliveryRoutingKey: delivery.routingKey,
    database: { ...database, home: surroundings.home },
  });
  watchBroker(broker, surroundings.telemetry);
  return {
    consumer: broker.consumer,
    sender: broker.sender,
    publisher: broker.publisher,
    close: () => broker.close(),
    check: () => {
      const { consuming, publishing } = broker.status();
      if (consuming !== 'up') throw new Error(`the consuming connection is ${consuming}`);
      if (publishing !== 'up') throw new Error(`the publishing connection is ${publishing}`);
    },
  };
};

const watchBroker = ({ counts, status }: AmqpBroker, telemetry: Telemetry): void => {
  telemetry.watch('forwarded', () => [{ value: counts.forwarded }]);
  telemetry.watch('ingested', () => [{ value: counts.ingested }]);
  telemetry.watch('deadLettered', () => [{ value: counts.deadLettered }]);
  telemetry.watch('unroutable', () => [{ value: counts.unroutableEvents }]);
  telemetry.watch('resent', () => [{ value: counts.resentEvents }]);
  telemetry.watch('staleSettles', () => [{ value: counts.staleSettles }]);
  telemetry.watch('heldTooLong', () => [{ value: counts.heldTooLong }]);
  telemetry.watch('connected', () =>
    Object.entries(status()).map(([connection, state]) => ({
      value: state === 'up' ? 1 : 0,
      labels: { connection },
    })),
  );
};
