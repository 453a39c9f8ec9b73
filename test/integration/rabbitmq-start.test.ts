import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AmqpBroker } from '../../src/infrastructure/amqp/amqp-broker.ts';
import { until } from '../support/until.ts';
import { CuttableProxy } from './cuttable-proxy.ts';
import { RabbitmqWorld, rabbitmqUrl } from './rabbitmq-harness.ts';

describe('Starting with RabbitMQ', () => {
  let world: RabbitmqWorld;
  beforeEach(async () => {
    world = await RabbitmqWorld.open(2);
  });
  afterEach(() => world.close());

  const urlWith = (change: (url: URL) => void): string => {
    const url = new URL(rabbitmqUrl());
    change(url);
    return url.href;
  };
  const refusal = (start: Promise<AmqpBroker>): Promise<Error> =>
    start.then(
      async (broker) => {
        await broker.close();
        throw new Error('it started');
      },
      (error: Error) => error,
    );

  it('refuses a wrong password in a sentence that does not repeat it', async () => {
    const url = urlWith((parts) => {
      parts.password = 'wrong-secret';
    });
    const error = await refusal(world.start({ url }));
    expect(error.name).toBe('BrokerRefused');
    expect(error.message).toMatch(/refuses the user or password .* correct the credentials/);
    expect(error.message + JSON.stringify(world.log)).not.toContain('wrong-secret');
  });

  it('refuses a vhost that is not there', async () => {
    const url = urlWith((parts) => {
      parts.pathname = '/no-such-vhost';
    });
    const error = await refusal(world.start({ url }));
    expect(error.message).toMatch(/does not let .* into the vhost "no-such-vhost": create it/);
  });

  it.each(['', 'http://guest:secret@localhost', 'not a url: secret'])(
    'refuses the URL %j without showing it',
    async (url) => {
      const error = await refusal(world.start({ url }));
      expect(error.name).toBe('BrokerRefused');
      expect(error.message).toMatch(/amqp:\/\//);
      expect(error.message).not.toContain('secret');
    },
  );

  it('refuses a queue that stands there in another form, and says which and what to do', async () => {
    const queue = `${world.names.commands}.01`;
    await world.channel.assertQueue(queue, { durable: true });
    const error = await refusal(world.start());
    expect(error.name).toBe('BrokerRefused');
    expect(error.message).toContain(`queue "${queue}" exists in another form`);
    expect(error.message).toContain('inequivalent arg');
    expect(error.message).toContain('delete it');
  });

  it('says what it does not know when the type of an exchange is unknown', async () => {
    const error = await refusal(world.start({ deliveryExchangeType: 'x-nonsense' }));
    expect(error.name).toBe('BrokerRefused');
    expect(error.message).toMatch(/does not know the type of an exchange: .*x-nonsense/);
  });

  it('takes the delivery exchange as it finds it', async () => {
    await world.channel.assertExchange(world.deliveryExchange, 'topic', { durable: false, autoDelete: true });
    const broker = await world.start();
    await broker.close();
  });

  it('starts twice on the same objects', async () => {
    const first = await world.start();
    const second = await world.start();
    expect(second.status()).toEqual({ consuming: 'up', publishing: 'up' });
    await Promise.all([first.close(), second.close()]);
  });

  it('waits for a broker that comes up later, with one line about it', async () => {
    const before = await CuttableProxy.listen();
    const { url } = before;
    await before.close();
    const starting = world.start({ url });
    await until('it has noticed', () => world.log.length > 0);
    const proxy = await CuttableProxy.listen(Number(new URL(url).port));
    const broker = await starting;
    expect(world.log.filter(({ message }) => message.startsWith('no connection'))).toHaveLength(1);
    await broker.close();
    await proxy.close();
  });

  it('stops waiting when told to', async () => {
    const proxy = await CuttableProxy.listen();
    const { url } = proxy;
    await proxy.close();
    await expect(world.start({ url, signal: AbortSignal.timeout(300) })).rejects.toThrow(/timeout|aborted/i);
  });
});
