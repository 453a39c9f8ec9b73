import { openInProcessBroker } from '../../../src/infrastructure/in-process/in-process-broker.ts';
import type { BrokerHarness } from '../../contract/broker.contract.ts';
import { quietLogger, realClock } from '../../support/test-cell.ts';
import { prefetch, shardCount } from './fates.ts';

export const inProcessHarness = (): BrokerHarness => {
  const { consumer, sender, publisher, ...broker } = openInProcessBroker({
    shardCount,
    prefetch,
    logger: quietLogger,
    clock: realClock,
  });
  return {
    consumer,
    sender,
    publisher,
    publishRaw: async (body, route, properties) => broker.publish(body, route, properties),
    events: () => [],
    deadLetters: async () => broker.deadLetters(),
    close: async () => {},
  };
};
