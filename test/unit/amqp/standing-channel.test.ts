import { EventEmitter } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { shardNumber } from '../../../src/domain/ids.ts';
import { AmqpCommandConsumer } from '../../../src/infrastructure/amqp/amqp-command-consumer.ts';
import { noCounts } from '../../../src/infrastructure/amqp/counts.ts';
import { SystemClock } from '../../../src/infrastructure/system/system-clock.ts';
import { quietLogger } from '../../support/test-cell.ts';

type Done = (error: null, result?: unknown) => void;

it('never consumes once it is closed, also when it is closed at once', async () => {
  const consuming: string[] = [];
  class FakeChannel extends EventEmitter {
    prefetch(_count: number, _global: boolean, done: Done) {
      setImmediate(done, null, {});
    }
    consume(queue: string, _onMessage: unknown, _options: unknown, done: Done) {
      consuming.push(queue);
      setImmediate(done, null, {});
    }
    close() {
      setImmediate(() => this.emit('close'));
    }
  }
  const model = {
    createChannel: (opened: Done) => {
      setImmediate(opened, null);
      return new FakeChannel();
    },
  };
  const consumer = new AmqpCommandConsumer({
    connection: { writable: true, model, whenUp: async () => model, onUnblocked: () => () => {} } as never,
    commands: 'chat.commands',
    prefetch: 10,
    available: () => true,
    exits: {} as never,
    repair: async () => {},
    counts: noCounts(),
    clock: new SystemClock(),
    logger: quietLogger,
  });
  const subscription = await consumer.consume(shardNumber(0), () => {});
  await subscription.close();
  // Nothing is to happen, so there is nothing to wait for: the fake answers within a pass of the event loop.
  await sleep(20);
  expect(consuming).toEqual([]);
});
