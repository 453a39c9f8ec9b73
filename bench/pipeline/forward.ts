/** The loop that the service is compared with, as a process of its own: consume, store, publish with confirm, ack, and no logic at all:
 *  nothing is parsed, checked, authorised, ordered or remembered. Queues, prefetch, properties, sizes and acks are those of the service. */
import amqp from 'amqplib';
import { noCounts } from '../../src/infrastructure/amqp/counts.ts';
import { ShardChannel } from '../../src/infrastructure/amqp/shard-channel.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import type { ForwardOptions } from './forward-options.ts';
import { openForwardStore } from './forward-store.ts';
import { sampleEvent } from './samples.ts';

const options = JSON.parse(process.env.FORWARD!) as ForwardOptions;
const { url, queues, prefetch, deliveryExchange } = options;
const clock = new SystemClock();
const store = await openForwardStore(options);
const body = Buffer.from(sampleEvent(options.bodyBytes));
const consuming = await amqp.connect(url);
const publishing = await amqp.connect(url);

for (const queue of queues) {
  const channel = await consuming.createChannel();
  const out = await publishing.createConfirmChannel();
  await channel.prefetch(prefetch);
  const shard = new ShardChannel(channel as unknown as ConstructorParameters<typeof ShardChannel>[0], {
    prefetch,
    longestHoldMs: undefined,
    onHeldTooLong: () => process.exit(1),
    clock,
    counts: noCounts(),
  });
  await channel.consume(queue, (message) => {
    if (message === null) process.exit(1);
    const { deliveryTag, routingKey } = message.fields;
    const messageId: string = message.properties.messageId;
    shard.delivered(deliveryTag);
    store.write(routingKey, messageId, () => {
      const properties = {
        persistent: true,
        mandatory: true,
        messageId,
        contentType: 'application/json',
        type: 'message.posted',
        headers: {},
      };
      out.publish(deliveryExchange, '', body, properties, (error) => {
        if (error) process.exit(1);
        shard.settle(deliveryTag);
      });
    });
  });
}
process.send!('ready');
process.on('SIGTERM', async () => {
  await consuming.close();
  await publishing.close();
  await store.close();
  process.exit(0);
});
