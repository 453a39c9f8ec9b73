/** Publishes commands to `chat.commands` with confirms, as fast as told, and measures until every one of them is answered by an event.
 *  Open loop: with --rate a message is due at its time whether or not the service keeps up.
 *
 *  node bench/publish.ts --run a --chats 500 --messages 50000 --rate 0      (then: node bench/verify.ts with the same options) */
import { setTimeout as sleep } from 'node:timers/promises';
import amqp, { type ConfirmChannel } from 'amqplib';
import { chatIdAt, chatOf, createCommand, eventQueue, options, postCommand } from './load.ts';
import { pidOfPort, watchCpu } from './process-cpu.ts';

const exchange = 'chat.commands';
const maxUnconfirmed = 2_000;
const { load, url, rate, http, deliveryExchange } = options();

const connection = await amqp.connect(url, { timeout: 5_000 });
const channel = await connection.createConfirmChannel();
const queue = eventQueue(load);
// A stream: cheap for the broker, and verify.ts reads it without taking anything away.
await channel.assertQueue(queue, { durable: true, arguments: { 'x-queue-type': 'stream' } });
for (const key of ['', 'chat.created', 'command.rejected']) await channel.bindQueue(queue, deliveryExchange, key);

let unconfirmed = 0;
let nacked = 0;
let wake: (() => void) | undefined;
const publish = (to: ConfirmChannel, chat: number, command: object, id: string) => {
  unconfirmed++;
  to.publish(
    exchange,
    chatIdAt(load, chat),
    Buffer.from(JSON.stringify(command)),
    { persistent: true, mandatory: true, messageId: id, contentType: 'application/json' },
    (error) => {
      if (error) nacked++;
      unconfirmed--;
      if (unconfirmed < maxUnconfirmed / 2) wake?.();
    },
  );
};
const room = async () => {
  while (unconfirmed >= maxUnconfirmed) await new Promise<void>((resolve) => (wake = resolve));
};
channel.on('return', (message) => {
  nacked++;
  console.error(
    `returned: nothing is bound for routing key ${message.fields.routingKey}; is the service's topology declared?`,
  );
});

/** Events seen since the start. Counted by reading: a stream's message count is only brought up to date every five seconds. */
let answered = 0;
const events = await connection.createChannel();
await events.prefetch(2_000);
await events.consume(
  queue,
  (message) => {
    if (++answered % 500 === 0) events.ack(message!, true);
  },
  { arguments: { 'x-stream-offset': 'next' } },
);
const untilAnswered = async (count: number) => {
  let last = -1;
  let stalledSince = Date.now();
  while (answered < count) {
    if (answered !== last) stalledSince = Date.now();
    else if (Date.now() - stalledSince > 60_000) {
      throw new Error(`no event for 60 s: ${count - answered} commands are unanswered`);
    }
    last = answered;
    await sleep(5);
  }
};

for (let chat = 0; chat < load.chats; chat++)
  publish(channel, chat, createCommand(load, chat), `${load.run}-create-${chat}`);
await channel.waitForConfirms();
await untilAnswered(load.chats);

const cpu = watchCpu({
  service: pidOfPort(Number(new URL(http).port)),
  broker: pidOfPort(Number(new URL(url).port || 5672)),
  store: process.env.CASSANDRA_CONTACT_POINTS
    ? pidOfPort(Number(process.env.CASSANDRA_CONTACT_POINTS.split(',')[0]!.split(':')[1] ?? 9042))
    : undefined,
  generator: process.pid,
});
const start = performance.now();
for (let index = 0; index < load.messages; index++) {
  if (rate > 0) {
    const dueMs = start + (index * 1000) / rate;
    while (performance.now() < dueMs) await sleep(1);
  }
  await room();
  publish(channel, chatOf(load, index), postCommand(load, index), `${load.run}-${index}`);
}
await channel.waitForConfirms().catch(() => {});
const published = performance.now();
await untilAnswered(load.chats + load.messages);
const done = performance.now();

const perSecond = (ms: number) => Math.round((load.messages * 1000) / ms);
console.log(
  `published  ${load.messages} messages to ${load.chats} chats, ${perSecond(published - start)}/s, not confirmed ${nacked}`,
);
console.log(
  `answered   ${perSecond(done - start)}/s from the first publish to the last event (${((done - start) / 1000).toFixed(1)} s)`,
);
const spent = cpu
  .spent()
  .map(({ name, micros }) => `${name} ${micros === undefined ? '(ended)' : (micros / load.messages).toFixed(0)}`);
console.log(`CPU        ${spent.join(', ')} µs per message`);
await connection.close();
if (nacked > 0) process.exitCode = 1;
