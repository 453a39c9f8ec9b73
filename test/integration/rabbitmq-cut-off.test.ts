import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ActorSystem, startActorSystem } from '../../actors/kit/actor-system.ts';
import { type Cell, startCell } from '../../actors/shard/guardian.ts';
import { defaultBucketLimits } from '../../src/application/turn/decide-command.ts';
import type { AmqpBroker } from '../../src/infrastructure/amqp/amqp-broker.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import { keyHash } from '../../src/interface-adapters/amqp/command-identity.ts';
import { encodeCommand } from '../../src/interface-adapters/amqp/command-json.ts';
import { TestKeyspace } from '../support/cassandra-cell.ts';
import { patient } from '../support/cell-harness.ts';
import { create, post } from '../support/commands.ts';
import { quietLogger } from '../support/test-cell.ts';
import { until } from '../support/until.ts';
import { CuttableProxy } from './cuttable-proxy.ts';
import { RabbitmqWorld, rabbitmqUrl } from './rabbitmq-harness.ts';

const chats = ['a', 'b', 'c', 'd', 'e', 'f'];

describe('an instance that is cut off from RabbitMQ and not from Cassandra', patient, () => {
  let world: RabbitmqWorld;
  let keyspace: TestKeyspace;
  let proxy: CuttableProxy;
  let system: ActorSystem;
  const brokers: AmqpBroker[] = [];
  const cells: Cell[] = [];

  beforeAll(async () => {
    world = await RabbitmqWorld.open(2);
    keyspace = await new TestKeyspace().create();
    proxy = await CuttableProxy.listen();
    system = startActorSystem();
  }, patient.timeout);
  afterAll(async () => {
    proxy.admit();
    await Promise.all(cells.map((cell) => cell.stop(5_000)));
    await Promise.all(brokers.map((broker) => broker.close()));
    system.stop();
    await proxy.close();
    await keyspace.drop();
    await world.close();
  }, patient.timeout);

  const start = async (url: string): Promise<Cell> => {
    const broker = await world.start({ url });
    const { ownership } = await keyspace.open({ sessionTimeoutMs: 2_000, shards: 2 });
    brokers.push(broker);
    const cell = startCell({
      system,
      ownership,
      consumer: broker.consumer,
      publisher: broker.publisher,
      policy: { decide: async (requests) => requests.map(() => ({ effect: 'permit' })) },
      hashKey: keyHash,
      clock: new SystemClock(),
      logger: quietLogger,
      limits: defaultBucketLimits,
      residency: { maxChats: 100, idleMs: 60_000 },
      brokerPatienceMs: 1_500,
    });
    cells.push(cell);
    return cell;
  };

  it('gives its shards to the one that is connected, and takes its share again when it is connected itself', async () => {
    const cutOff = await start(proxy.url);
    const connected = await start(rabbitmqUrl());
    const events = await world.listen();
    const shares = () => [cutOff, connected].map((cell) => cell.status().shards.length);
    const even = () => shares().every((share) => share === 1);
    await until('each has one shard', even, 60_000);

    for (const chat of chats) await world.put(encodeCommand(create(chat)), chat);
    let sent = 0;
    const postToAll = async () => {
      const name = `m${++sent}`;
      for (const chat of chats) await world.put(encodeCommand(post(chat, name)), chat);
      const announced = () => new Set(events.map(({ id }) => id)).size;
      return until(`${name} of every chat`, () => announced() === sent * chats.length, 30_000);
    };
    await postToAll();

    const session = cutOff.status().session;
    proxy.refuse();
    await postToAll();
    expect([cutOff.status().session, cutOff.status().shards]).toEqual([undefined, []]);
    expect(connected.status().shards).toEqual([0, 1]);

    proxy.admit();
    await until('each has one shard again', even, 60_000);
    expect(cutOff.status().session).not.toBe(session);
    await postToAll();
    for (const chat of chats) {
      const posted = events.map(({ body }) => JSON.parse(body)).filter((event) => event.chat_id === chat);
      const inOrder = [1, 2, 3].map((n) => [n, `m${n}`]);
      const first = posted.filter(({ id }, index) => posted.findIndex((event) => event.id === id) === index);
      expect(first.map(({ seq, client_message_id: id }) => [seq, id])).toEqual(inOrder);
    }
  });
});
