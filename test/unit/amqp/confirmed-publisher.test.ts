import { describe, expect, it } from 'vitest';
import { ConfirmedPublisher } from '../../../src/infrastructure/amqp/confirmed-publisher.ts';
import { quietLogger } from '../../support/test-cell.ts';
import { until } from '../../support/until.ts';
import { FakeChannel, ManualClock } from './fake-confirm-channel.ts';

const parcel = (text: string) => ({
  exchange: 'letters',
  routingKey: '',
  content: Buffer.from(text),
  options: {},
  ownHeaders: {},
});

const start = () => {
  const channels: FakeChannel[] = [];
  const model = {
    createConfirmChannel(opened: (error: null) => void) {
      const channel = new FakeChannel();
      channels.push(channel);
      setImmediate(() => opened(null));
      return channel;
    },
  };
  const connection = { writable: true, whenUp: async () => model };
  const clock = new ManualClock();
  const publisher = new ConfirmedPublisher({
    connection: connection as never,
    repair: async () => {},
    clock,
    logger: quietLogger,
  });
  const delivered: string[] = [];
  const deliver = (text: string) =>
    void publisher.deliver(parcel(text), new AbortController().signal).then((done) => done && delivered.push(text));
  const open = (count: number) => until(`channel ${count}`, () => channels.length === count);
  return { channels, connection, clock, publisher, deliver, delivered, open };
};

describe('ConfirmedPublisher', () => {
  it('moves everything on a new channel, once, when the old one confirms nothing for 30 seconds', async () => {
    const { channels, clock, deliver, delivered, open } = start();
    await open(1);
    await clock.pass(1_000);
    deliver('a');
    deliver('b');
    await clock.pass(32_000);
    await open(2);
    await clock.pass(2_000);
    expect(channels[0]!.published).toEqual(['a', 'b']);
    expect(channels[1]!.published.sort()).toEqual(['a', 'b']);
    channels[1]!.confirm(0, 1);
    await until('both are moved', () => delivered.length === 2);
    await clock.pass(40_000);
    expect(channels).toHaveLength(2);
  });

  it('holds no missing confirm against its channel while the broker takes nothing', async () => {
    const { channels, connection, clock, deliver, delivered, open } = start();
    await open(1);
    await clock.pass(1_000);
    deliver('a');
    connection.writable = false;
    await clock.pass(120_000);
    expect(channels[0]!.published).toEqual(['a']);
    connection.writable = true;
    await clock.pass(20_000);
    expect(channels).toHaveLength(1);
    channels[0]!.confirm(channels[0]!.published.length - 1);
    await until('it is moved', () => delivered.length === 1);
  });
});
