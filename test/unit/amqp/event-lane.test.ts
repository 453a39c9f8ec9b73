import { describe, expect, it } from 'vitest';
import type { Announcement } from '../../../src/application/ports/event-publisher.ts';
import type { Logger } from '../../../src/application/ports/system.ts';
import type { SupervisedConnection } from '../../../src/infrastructure/amqp/connection.ts';
import { noCounts } from '../../../src/infrastructure/amqp/counts.ts';
import { AmqpEventLane } from '../../../src/infrastructure/amqp/event-lane.ts';
import { isCollected } from '../../support/collected.ts';
import { until } from '../../support/until.ts';
import { FakeChannel, ManualClock } from './fake-confirm-channel.ts';

const silent: Logger = { debug() {}, info() {}, warn() {}, error() {} };

const start = async () => {
  const channels: FakeChannel[] = [];
  const unblocked = new Set<() => void>();
  const model = {
    createConfirmChannel(opened: (error: null) => void) {
      const channel = new FakeChannel();
      channels.push(channel);
      setImmediate(() => opened(null));
      return channel;
    },
  };
  const connection = {
    writable: true,
    whenUp: async () => model,
    onUnblocked: (listener: () => void) => {
      unblocked.add(listener);
      return () => unblocked.delete(listener);
    },
  };
  const clock = new ManualClock();
  const lane = new AmqpEventLane({
    connection: connection as unknown as SupervisedConnection,
    name: 'lane',
    exchange: 'delivery',
    envelope: ({ answer }) => ({ routingKey: '', body: Buffer.from(String(answer)), options: {} }),
    onReturn: () => {},
    repair: async () => {},
    counts: noCounts(),
    clock,
    logger: silent,
  });
  const confirmed: string[] = [];
  const publish = (...names: string[]) => {
    for (const name of names) {
      const replyTo = name.endsWith('?') ? { queue: 'asker', correlationId: name } : undefined;
      const announcement = {
        answer: name,
        replayed: false,
        traceparent: undefined,
        replyTo,
      } as unknown as Announcement;
      lane.publish(announcement, () => confirmed.push(`${name} after ${channels.at(-1)!.replies.length} replies`));
    }
  };
  const setWritable = (writable: boolean) => {
    connection.writable = writable;
    if (writable) for (const listener of unblocked) listener();
  };
  const channel = async (index: number) => {
    await until(`channel ${index}`, () => channels.length > index);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    return channels[index]!;
  };
  const names = () => confirmed.map((text) => text.split(' ')[0]);
  return { lane, publish, channels, channel, clock, confirmed, names, setWritable };
};

describe('AmqpEventLane', () => {
  it('confirms in the lane’s order, whatever the order of the broker’s confirms', async () => {
    const { publish, channel, names } = await start();
    const first = await channel(0);
    publish('a', 'b', 'c');
    first.confirm(2, 1);
    expect(names()).toEqual([]);
    first.confirm(0);
    expect(names()).toEqual(['a', 'b', 'c']);
  });

  it('lets go of an event once it is confirmed, and of whoever waited for that', async () => {
    const { lane, publish, channel, names } = await start();
    const first = await channel(0);
    const publishFor = () => {
      const waiting = {};
      const announcement = { answer: 'a', replayed: false, traceparent: undefined, replyTo: undefined };
      lane.publish(announcement as unknown as Announcement, () => void waiting);
      return new WeakRef(waiting);
    };
    const waiting = publishFor();
    publish('b', 'c');
    expect(await isCollected(waiting)).toBe(false);
    first.confirm(0);
    expect(names()).toEqual([]); // the window goes on
    expect(await isCollected(waiting)).toBe(true);
  });

  it('sends everything again from a refused event on, the confirmed ones too, on a new channel', async () => {
    const { publish, channel, names } = await start();
    const first = await channel(0);
    publish('a', 'b', 'c', 'd');
    first.confirm(0, 2);
    first.nack(1);
    first.confirm(3); // too late: it counts no more
    publish('e');
    const second = await channel(1);
    expect(second.published).toEqual(['b', 'c', 'd', 'e']);
    expect(first.published).toEqual(['a', 'b', 'c', 'd']);
    second.confirm(0, 1, 2, 3);
    expect(names()).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  it('waits for those before a refused event, which the broker may have taken, and writes nothing meanwhile', async () => {
    const { publish, channel, channels, names } = await start();
    const first = await channel(0);
    publish('a', 'b', 'c');
    first.nack(2);
    publish('d');
    expect([first.published, channels.length]).toEqual([['a', 'b', 'c'], 1]);
    first.confirm(0, 1);
    const second = await channel(1);
    expect(names()).toEqual(['a', 'b']);
    expect(second.published).toEqual(['c', 'd']);
  });

  it('sends everything again when a confirm is missing for 30 seconds', async () => {
    const { publish, channel, channels, clock } = await start();
    const first = await channel(0);
    publish('a', 'b');
    await clock.pass(20_000);
    first.confirm(0);
    await clock.pass(25_000);
    expect(channels).toHaveLength(1);
    await clock.pass(10_000);
    expect((await channel(1)).published).toEqual(['b']);
  });

  it('replies before it confirms', async () => {
    const { publish, channel, confirmed } = await start();
    const first = await channel(0);
    publish('a?', 'b');
    first.confirm(0, 1);
    expect(first.replies).toEqual(['asker: a?']);
    expect(confirmed[0]).toBe('a? after 1 replies');
  });

  it('writes nothing while the broker takes nothing, and holds no confirm against it', async () => {
    const { publish, channel, channels, names, clock, setWritable } = await start();
    const first = await channel(0);
    publish('a?', 'b');
    setWritable(false);
    publish('c');
    first.confirm(0, 1);
    expect([first.published, first.replies, names()]).toEqual([['a?', 'b'], [], []]);
    await clock.pass(120_000);
    setWritable(true);
    expect([first.published, first.replies, names()]).toEqual([['a?', 'b', 'c'], ['asker: a?'], ['a?', 'b']]);
    await clock.pass(20_000);
    expect(channels).toHaveLength(1);
  });

  it('does nothing more once it is closed', async () => {
    const { lane, publish, channel, names } = await start();
    const first = await channel(0);
    publish('a');
    lane.close();
    publish('b');
    first.confirm(0);
    expect([first.published, names()]).toEqual([['a'], []]);
  });
});
