import { randomBytes } from 'node:crypto';
import amqp from 'amqplib';
import { describe, expect, it } from 'vitest';
import { shardQueue } from '../../src/infrastructure/amqp/topology.ts';
import { servers } from '../support/servers.ts';
import { ServiceProcess } from '../support/service-process.ts';
import { serviceSuite } from './service.suite.ts';

const keyspace = `e2e_${randomBytes(6).toString('hex')}`;
const rabbitmq = () => ({ RABBITMQ_URL: servers().RABBITMQ_URL });
const cassandra = () => {
  const { CASSANDRA_CONTACT_POINTS, CASSANDRA_LOCAL_DATACENTER } = servers();
  return { CASSANDRA_CONTACT_POINTS, CASSANDRA_LOCAL_DATACENTER, CASSANDRA_KEYSPACE: keyspace };
};

serviceSuite('SQLite behind RabbitMQ', rabbitmq);
serviceSuite('Cassandra without a broker', cassandra);
serviceSuite('Cassandra behind RabbitMQ', () => ({ ...rabbitmq(), ...cassandra() }));

describe('a publisher on the broker', { timeout: 120_000 }, () => {
  it('is answered for every command by one event in the order of the queue, also when the service is killed meanwhile', async () => {
    const service = await ServiceProcess.at({ ...rabbitmq(), ...cassandra() });
    await service.start();
    const connection = await amqp.connect(servers().RABBITMQ_URL);
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    const chat = `e2e-${randomBytes(8).toString('hex')}`;
    for (const key of ['', 'chat.created', 'command.rejected']) await channel.bindQueue(queue, 'delivery', key);
    const events: { type: string; rev: number; seq: number; client_message_id: string }[] = [];
    await channel.consume(
      queue,
      (message) => {
        const event = JSON.parse(message!.content.toString());
        // As a consumer should: an event whose rev is not the next one comes again.
        if (event.chat_id === chat && (event.rev === null || event.rev === (events.at(-1)?.rev ?? 0) + 1))
          events.push(event);
      },
      { noAck: true },
    );
    const send = (command: object) =>
      channel.publish('chat.commands', chat, Buffer.from(JSON.stringify(command)), {
        persistent: true,
        mandatory: true,
      });
    const count = 2_000;
    send({ type: 'chat.create', chat_id: chat, sender_id: 1, client_message_id: 'c', kind: 'group', member_ids: [2] });
    for (let n = 1; n <= count; n++) {
      send({ chat_id: chat, sender_id: 2, client_message_id: `m-${n}`, body: `text ${n}`, type: 'message.post' });
      if (n === count / 2) {
        await channel.waitForConfirms();
        await service.stop('SIGKILL');
        await service.start();
      }
    }
    await channel.waitForConfirms();
    await expect.poll(() => events.length, { timeout: 60_000 }).toBe(count + 1);
    expect(events.map((event) => event.seq ?? 0)).toEqual(Array.from({ length: count + 1 }, (_, n) => n));
    expect(events.slice(1).map((event) => event.client_message_id)).toEqual(
      Array.from({ length: count }, (_, n) => `m-${n + 1}`),
    );
    await connection.close();
    await service.dispose();
  });

  it('may be a sibling that knows nothing but the exchange database', async () => {
    const unique = randomBytes(8).toString('hex');
    const names = { DATABASE_EXCHANGE_NAME: `database-${unique}`, DATABASE_QUEUE_NAME: `database.primary-${unique}` };
    const service = await ServiceProcess.at({ ...rabbitmq(), ...cassandra(), ...names });
    await service.start();
    const chat = (await service.ask(1, 'POST', '/v1/chats', { kind: 'direct', member_ids: [2] })).json;
    const connection = await amqp.connect(servers().RABBITMQ_URL);
    const channel = await connection.createConfirmChannel();
    const { queue } = await channel.assertQueue('', { exclusive: true });
    await channel.bindQueue(queue, 'delivery', '');
    const events: object[] = [];
    const take = (message: amqp.ConsumeMessage | null) => {
      const event = JSON.parse(message!.content.toString());
      if (event.client_message_id.startsWith(unique)) events.push(event);
    };
    await channel.consume(queue, take, { noAck: true });
    const messages = Array.from({ length: 20 }, (_, n) => ({
      id: null,
      client_message_id: `${unique}${n}`,
      chat_id: chat.id,
      sender_id: 1,
      recipient_id: 2,
      status: 'sent',
      sent_at: `2026-11-23T10:00:${10 + n}.000000Z`,
      delivered_at: null,
      body: `text ${n}`,
      is_edited: false,
      is_deleted: false,
    }));
    for (const message of messages) {
      channel.publish(names.DATABASE_EXCHANGE_NAME, '', Buffer.from(JSON.stringify(message)), { mandatory: true });
    }
    await channel.waitForConfirms();
    await expect.poll(() => events.length, { timeout: 30_000 }).toBe(messages.length);
    expect(events).toMatchObject(
      messages.map((message, n) => ({
        ...message,
        id: `${chat.id}.${n + 1}`,
        status: 'delivered',
        delivered_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/),
        reject_reason: null,
      })),
    );
    await service.dispose();
    await channel.deleteQueue(names.DATABASE_QUEUE_NAME);
    await channel.deleteExchange(names.DATABASE_EXCHANGE_NAME);
    await connection.close();
  });

  it('finds an unreadable command among the dead letters, and the chat goes on', async () => {
    const service = await ServiceProcess.at({ ...rabbitmq() });
    await service.start();
    const connection = await amqp.connect(servers().RABBITMQ_URL);
    const channel = await connection.createConfirmChannel();
    const marker = randomBytes(8).toString('hex');
    channel.sendToQueue(shardQueue('chat.commands', 3), Buffer.from(`no JSON ${marker}`), { persistent: true });
    await channel.waitForConfirms();
    await expect
      .poll(
        async () => {
          const message = await channel.get('chat.dead-letter', { noAck: true });
          if (!message || message.content.toString() !== `no JSON ${marker}`) return undefined;
          return message.properties.headers?.['x-reason'];
        },
        { timeout: 30_000 },
      )
      .toMatch(/not JSON/);
    await connection.close();
    await service.dispose();
  });
});

describe('a start that cannot succeed', { timeout: 60_000 }, () => {
  it.each([
    [
      'RabbitMQ refuses the password',
      () => ({ RABBITMQ_URL: servers().RABBITMQ_URL.replace(/:[^:@/]*@/, ':wrong@') }),
      /credentials/,
    ],
    [
      'the vhost does not exist',
      () => ({ RABBITMQ_URL: `${servers().RABBITMQ_URL.replace(/(:\d+).*$/, '$1')}/nowhere` }),
      /vhost/,
    ],
    [
      'Cassandra has no such data centre',
      () => ({ ...cassandra(), CASSANDRA_LOCAL_DATACENTER: 'moon' }),
      /CASSANDRA_LOCAL_DATACENTER/,
    ],
  ])('says that %s', async (_, env, sentence) => {
    const service = await ServiceProcess.at(env());
    const { code, output } = await service.refusal();
    expect(output).toMatch(sentence);
    expect(output).not.toMatch(/^ +at /m);
    expect(code).toBe(1);
    await service.dispose();
  });
});
