import { describe, expect, it } from 'vitest';
import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import type { Logger } from '../../src/application/ports/system.ts';
import { shardNumber } from '../../src/domain/ids.ts';
import { openInProcessBroker } from '../../src/infrastructure/in-process/in-process-broker.ts';
import { maxQueueLength } from '../../src/infrastructure/in-process/in-process-command-sender.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import { post } from '../support/commands.ts';
import { brokerContract, type ReceivedEvent } from './broker.contract.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };
const open = (options: { shardCount: number; prefetch: number }) =>
  openInProcessBroker({ ...options, logger: silent, clock: new SystemClock() });

brokerContract('in-process', async (options) => {
  const { consumer, sender, publisher, ...broker } = open(options);
  const events: ReceivedEvent[] = [];
  broker.subscribe(({ id, type, body, replayed }) => events.push({ id, type, body, replayed }));
  return {
    consumer,
    sender,
    publisher,
    publishRaw: async (body, routingChatId, properties) => broker.publish(body, routingChatId, properties),
    events: () => events,
    deadLetters: async () => broker.deadLetters(),
    close: async () => {},
  };
});

describe('in-process broker', () => {
  it('takes no more commands when ten thousand wait, and says so', async () => {
    const { sender, consumer } = open({ shardCount: 1, prefetch: 1 });
    const sent = Array.from({ length: maxQueueLength }, (_, i) =>
      sender.send(post('chat', `m${i}`), 1).catch(() => {}),
    );
    await expect(sender.send(post('chat', 'one too many'), 1)).rejects.toMatchObject({ code: 'OVERLOADED' });
    const all = new Promise<void>((resolve) => {
      let left = maxQueueLength;
      void consumer.consume(shardNumber(0), (delivery) => {
        delivery.ack();
        if (--left === 0) resolve();
      });
    });
    await Promise.all([...sent, all]);
    await expect(sender.send(post('chat', 'taken'), 1)).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  });

  it('still has a delivery to settle that could not be forwarded', async () => {
    const { publish, consumer, deadLetters } = open({ shardCount: 1, prefetch: 1 });
    const arrived = Promise.withResolvers<Delivery>();
    await consumer.consume(shardNumber(0), arrived.resolve);
    publish(Buffer.from(JSON.stringify({ ...seedForm, chat_id: 'chat' })), 'chat');
    const delivery = await arrived.promise;
    await expect(delivery.forward(shardNumber(9))).rejects.toThrow('no shard 9');
    await delivery.deadLetter('there is no such shard');
    expect(deadLetters()).toHaveLength(1);
  });

  it('spreads chats over the shards', async () => {
    const { publish, consumer } = open({ shardCount: 16, prefetch: 256 });
    const counts = new Array<number>(16).fill(0);
    const arrived = new Promise<void>((resolve) => {
      let left = 1_600;
      counts.forEach((_, shard) => {
        void consumer.consume(shardNumber(shard), (delivery) => {
          counts[shard]!++;
          delivery.ack();
          if (--left === 0) resolve();
        });
      });
    });
    for (let i = 0; i < 1_600; i++)
      publish(Buffer.from(JSON.stringify({ ...seedForm, chat_id: `chat-${i}` })), `chat-${i}`);
    await arrived;
    expect(Math.min(...counts)).toBeGreaterThan(50);
    expect(Math.max(...counts)).toBeLessThan(200);
  });
});

const seedForm = { sender_id: 1, client_message_id: 'm', sent_at: 'now', body: 'hi' };
