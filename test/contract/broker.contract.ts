import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Answer, rejectionOf } from '../../src/application/decision.ts';
import type { CommandConsumer, Delivery, Subscription } from '../../src/application/ports/command-consumer.ts';
import type { CommandSender } from '../../src/application/ports/command-sender.ts';
import type { Announcement, EventPublisher } from '../../src/application/ports/event-publisher.ts';
import {
  chatId,
  clientMessageId,
  micros,
  rev,
  type ShardNumber,
  seq,
  shardNumber,
  userId,
} from '../../src/domain/ids.ts';
import { encodeCommand, maxCommandBytes } from '../../src/interface-adapters/amqp/command-json.ts';
import { eventBody } from '../../src/interface-adapters/amqp/event-json.ts';
import { post } from '../support/commands.ts';
import { until } from '../support/until.ts';

export type ReceivedEvent = {
  readonly id: string;
  readonly type: string;
  readonly body: string;
  readonly replayed: boolean;
};

export type BrokerHarness = {
  readonly consumer: CommandConsumer;
  readonly sender: CommandSender;
  readonly publisher: EventPublisher;
  /** Resolves when the broker has it. */
  publishRaw(body: Uint8Array, routingChatId: string, properties?: { traceparent?: string }): Promise<void>;
  /** Everything published so far, as a consumer of the delivery exchange sees it. */
  events(): readonly ReceivedEvent[];
  deadLetters(): Promise<readonly { readonly body: Uint8Array; readonly reason: string }[]>;
  close(): Promise<void>;
};

export type StartBroker = (options: {
  readonly shardCount: number;
  readonly prefetch: number;
}) => Promise<BrokerHarness>;

const shardCount = 2;
const prefetch = 4;
const shards = [shardNumber(0), shardNumber(1)] as const;
const chat = 'chat-a';

const idsOf = (deliveries: readonly Delivery[]): string[] => deliveries.map(({ command }) => command.clientMessageId);
const range = (count: number, from = 1): string[] => Array.from({ length: count }, (_, i) => `m${i + from}`);

const entry = (n: number): Answer => ({
  type: 'message.posted',
  chatId: chatId(chat),
  rev: rev(n),
  seq: seq(n),
  senderId: userId('7'),
  clientMessageId: clientMessageId(`m${n}`),
  fingerprint: 'f',
  sentAt: '2026-11-23T10:00:00.000000Z',
  at: micros(1_795_428_000_000_000 + n),
  recipients: [userId('7'), userId('anna')],
  body: `Grüße № ${n}`,
  recipientId: null,
  extras: null,
});

/** One message of the broker with several commands. */
const batchOf = (ids: readonly string[], more: object = {}): Buffer => {
  const commands = ids.map((id) => ({ ...JSON.parse(encodeCommand(post(chat, id)).toString()), ...more }));
  return Buffer.from(JSON.stringify({ type: 'batch', chat_id: chat, commands }));
};

const announcement = (answer: Answer, more: Partial<Announcement> = {}): Announcement => ({
  answer,
  replayed: false,
  traceparent: undefined,
  replyTo: undefined,
  ...more,
});

/** What every pair of consumer, sender and publisher must do, whatever carries the messages. */
export const brokerContract = (name: string, start: StartBroker) =>
  describe(`broker contract: ${name}`, () => {
    let broker: BrokerHarness;
    let open: Subscription[];

    beforeEach(async () => {
      open = [];
      broker = await start({ shardCount, prefetch });
    });
    afterEach(async () => {
      await Promise.all(open.map((subscription) => subscription.close()));
      await broker.close();
    });

    const consume = async (shard: ShardNumber, onDelivery: (delivery: Delivery) => void): Promise<Subscription> => {
      const subscription = await broker.consumer.consume(shard, onDelivery);
      open.push(subscription);
      return subscription;
    };
    /** All shards; the broker alone knows where a chat goes. */
    const consumeAll = async (onDelivery: (delivery: Delivery, shard: ShardNumber) => void = () => {}) => {
      const deliveries: Delivery[] = [];
      const subscriptions = await Promise.all(
        shards.map((shard) =>
          consume(shard, (delivery) => {
            deliveries.push(delivery);
            onDelivery(delivery, shard);
          }),
        ),
      );
      return {
        deliveries,
        close: () => Promise.all(subscriptions.map((subscription) => subscription.close())),
        flush: () => Promise.all(subscriptions.map((subscription) => subscription.flush())),
      };
    };
    const put = async (ids: readonly string[], chat_: string = chat) => {
      for (const id of ids) await broker.publishRaw(encodeCommand(post(chat_, id)), chat_);
    };
    const received = (deliveries: readonly Delivery[], count: number) =>
      until(`${count} deliveries, ${deliveries.length} came`, () => deliveries.length >= count);
    /** Anything that is on its way has arrived when an event has made the round. */
    const roundTrip = async () => {
      const before = broker.events().length;
      const lane = broker.publisher.lane(shards[0]);
      lane.publish(announcement(entry(1)), () => {});
      await until('the event made the round', () => broker.events().length > before);
      lane.close();
    };

    describe('CommandConsumer', () => {
      it('keeps the order of a chat', async () => {
        const { deliveries } = await consumeAll((delivery) => delivery.ack());
        await put(range(50));
        await received(deliveries, 50);
        expect(idsOf(deliveries)).toEqual(range(50));
        expect(deliveries.map(({ redelivered }) => redelivered)).not.toContain(true);
      });

      it('delivers the command as it was sent, with its trace', async () => {
        const command = post(chat, 'm1', { body: 'Grüße', sender: 'anna' });
        const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
        await broker.publishRaw(encodeCommand(command), chat, { traceparent });
        const { deliveries } = await consumeAll();
        await received(deliveries, 1);
        expect(deliveries[0]!.command).toEqual(command);
        expect(deliveries[0]!.traceparent).toBe(traceparent);
        expect(deliveries[0]!.replyTo).toBeUndefined();
      });

      it('has never more than the prefetch count unsettled', async () => {
        const { deliveries, flush } = await consumeAll();
        await put(range(12));
        await received(deliveries, prefetch);
        await roundTrip();
        expect(idsOf(deliveries)).toEqual(range(prefetch));
        for (let settled = 0; settled < 8; settled++) {
          deliveries[settled]!.ack();
          await flush();
          await received(deliveries, prefetch + settled + 1);
          expect(deliveries.length).toBe(prefetch + settled + 1);
        }
      });

      it('hands everything unsettled back in order, flagged as redelivered, before what nobody has seen', async () => {
        await put(range(6));
        const first = await consumeAll();
        await received(first.deliveries, prefetch);
        await first.close();
        const second = await consumeAll((delivery) => delivery.ack());
        await received(second.deliveries, 6);
        expect(idsOf(second.deliveries)).toEqual(range(6));
        expect(second.deliveries.map(({ redelivered }) => redelivered)).toEqual([true, true, true, true, false, false]);
      });

      it('never brings back what was acked, in whatever order', async () => {
        await put(range(6));
        const first = await consumeAll();
        await received(first.deliveries, 4);
        first.deliveries[3]!.ack();
        first.deliveries[1]!.ack();
        await first.close();
        const second = await consumeAll((delivery) => delivery.ack());
        await received(second.deliveries, 4);
        expect(idsOf(second.deliveries)).toEqual(['m1', 'm3', 'm5', 'm6']);
      });

      it('does not let one unsettled delivery stop the others for ever', async () => {
        const { deliveries } = await consumeAll((delivery) => {
          if (delivery.command.clientMessageId !== 'm1') delivery.ack();
        });
        await put(range(30));
        await received(deliveries, 30);
        expect(idsOf(deliveries)).toEqual(range(30));
      });

      it('leaves nothing behind when many are acked in any order', async () => {
        const held: Delivery[] = [];
        const first = await consumeAll((delivery) => {
          held.push(delivery);
          if (held.length === prefetch) for (const one of held.splice(0).sort(() => Math.random() - 0.5)) one.ack();
        });
        await put(range(400));
        await received(first.deliveries, 400);
        await first.close();
        const second = await consumeAll((delivery) => delivery.ack());
        await put(['last']);
        await received(second.deliveries, 1);
        expect(idsOf(second.deliveries)).toEqual(['last']);
      });

      it('moves what cannot be read to the dead letters, bytes untouched, and goes on', async () => {
        const tooBig = encodeCommand(post(chat, 'big', { body: 'x'.repeat(maxCommandBytes) }));
        const bad = ['not json', new Uint8Array([0xff, 0xfe, 0x00]), '{"chat_id":1}', tooBig].map((body) =>
          Buffer.from(body as Uint8Array),
        );
        const { deliveries } = await consumeAll((delivery) => delivery.ack());
        for (const body of bad) await broker.publishRaw(body, chat);
        await put(range(3));
        await received(deliveries, 3);
        expect(idsOf(deliveries)).toEqual(range(3));
        await until('all dead letters', async () => (await broker.deadLetters()).length === bad.length);
        const letters = await broker.deadLetters();
        expect(letters.map(({ body }) => Buffer.from(body).toString('hex'))).toEqual(
          bad.map((body) => body.toString('hex')),
        );
        for (const { reason } of letters) expect(reason).toMatch(/JSON|chat_id|bytes/);
      });

      it('moves a delivery to the dead letters with the reason that is given', async () => {
        await put(range(2));
        const first = await consumeAll();
        await received(first.deliveries, 2);
        await first.deliveries[0]!.deadLetter('it crashed three times');
        await first.close();
        const [letter, ...others] = await broker.deadLetters();
        expect(others).toEqual([]);
        expect(letter!.reason).toBe('it crashed three times');
        expect(Buffer.from(letter!.body).toString()).toBe(encodeCommand(post(chat, 'm1')).toString());
        const second = await consumeAll();
        await received(second.deliveries, 1);
        expect(idsOf(second.deliveries)).toEqual(['m2']);
      });

      it('goes on when the receiver of a delivery throws', async () => {
        const { deliveries } = await consumeAll((delivery) => {
          if (delivery.command.clientMessageId === 'm1') throw new Error('a defect');
        });
        await put(range(3));
        await received(deliveries, 3);
        expect(idsOf(deliveries)).toEqual(range(3));
        expect(deliveries.map(({ live }) => live)).toEqual([true, true, true]);
      });

      it('gives a shard to one consumer at a time', async () => {
        const first = await consumeAll();
        await put(range(1));
        await received(first.deliveries, 1);
        const second = await consumeAll();
        await put(range(2, 2));
        await received(first.deliveries, 3);
        expect(second.deliveries).toEqual([]);
        await first.close();
        await received(second.deliveries, 3);
        expect(idsOf(second.deliveries)).toEqual(range(3));
      });
    });

    describe('settling', () => {
      it('means nothing after the subscription has ended', async () => {
        await put(range(3));
        const first = await consumeAll();
        await received(first.deliveries, 3);
        await first.close();
        const second = await consumeAll();
        await received(second.deliveries, 3);
        expect(first.deliveries.map(({ live }) => live)).toEqual([false, false, false]);
        first.deliveries[0]!.ack();
        await first.deliveries[1]!.forward(shards[0]);
        await first.deliveries[2]!.deadLetter('too late');
        await second.flush();
        await second.close();
        const third = await consumeAll();
        await received(third.deliveries, 3);
        await roundTrip();
        expect(idsOf(third.deliveries)).toEqual(range(3));
        expect(await broker.deadLetters()).toEqual([]);
      });

      it('counts once', async () => {
        await put(range(3));
        const first = await consumeAll();
        await received(first.deliveries, 3);
        const settled = first.deliveries[0]!;
        settled.ack();
        settled.ack();
        await settled.forward(shards[1]);
        await settled.deadLetter('again');
        await first.flush();
        settled.ack();
        await first.close();
        const second = await consumeAll();
        await received(second.deliveries, 2);
        await roundTrip();
        expect(idsOf(second.deliveries)).toEqual(['m2', 'm3']);
        expect(await broker.deadLetters()).toEqual([]);
      });
    });

    describe('forwarding', () => {
      /** Forwards whatever comes to where it did not come from, once. */
      const forwardAll = async () => {
        const arrived: Delivery[] = [];
        const forwarded = new Set<string>();
        await consumeAll((delivery, shard) => {
          const id = delivery.command.clientMessageId;
          if (forwarded.has(id)) {
            arrived.push(delivery);
            return;
          }
          forwarded.add(id);
          void delivery.forward(shards[1 - shard]!);
        });
        return arrived;
      };

      it('moves the command unchanged to the shard', async () => {
        const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
        const command = post(chat, 'm1', { seedForm: true });
        await broker.publishRaw(encodeCommand(command), chat, { traceparent });
        const arrived = await forwardAll();
        await received(arrived, 1);
        expect(arrived[0]!.command).toEqual(command);
        expect(arrived[0]!.traceparent).toBe(traceparent);
        expect(arrived[0]!.redelivered).toBe(false);
      });

      it('passes on that the command had been delivered before', async () => {
        await put(range(1));
        const first = await consumeAll();
        await received(first.deliveries, 1);
        await first.close();
        const arrived = await forwardAll();
        await received(arrived, 1);
        expect(arrived[0]!.redelivered).toBe(true);
      });

      it('keeps the way back to whoever awaits the outcome', async () => {
        const lane = broker.publisher.lane(shards[0]);
        const arrived = await forwardAll();
        const outcome = broker.sender.send(post(chat, 'm1'), 10_000);
        await received(arrived, 1);
        lane.publish(announcement(entry(1), { replyTo: arrived[0]!.replyTo }), () => arrived[0]!.ack());
        expect(await outcome).toEqual({ event: eventBody(entry(1)), replayed: false });
        lane.close();
      });
    });

    describe('a batch', () => {
      const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
      const putBatch = (...ids: readonly string[]) => broker.publishRaw(batchOf(ids), chat, { traceparent });

      it('is one delivery per command, in order, with what came before and after', async () => {
        await put(['m1']);
        await putBatch('m2', 'm3', 'm4');
        await put(['m5']);
        const { deliveries } = await consumeAll((delivery) => delivery.ack());
        await received(deliveries, 5);
        expect(idsOf(deliveries)).toEqual(range(5));
        expect(deliveries[2]!.command).toEqual(post(chat, 'm3'));
        expect(deliveries.map((delivery) => delivery.traceparent)).toEqual([
          undefined,
          ...Array(3).fill(traceparent),
          undefined,
        ]);
      });

      it('is acked when all of its commands are, in whatever order', async () => {
        await putBatch('m1', 'm2', 'm3');
        const first = await consumeAll();
        await received(first.deliveries, 3);
        for (const index of [2, 0, 0, 1]) first.deliveries[index]!.ack();
        await first.close();
        const second = await consumeAll();
        await put(['m4']);
        await received(second.deliveries, 1);
        expect(idsOf(second.deliveries)).toEqual(['m4']);
      });

      it('comes back as a whole while one of its commands is not settled', async () => {
        await putBatch('m1', 'm2', 'm3');
        const first = await consumeAll();
        await received(first.deliveries, 3);
        first.deliveries[0]!.ack();
        first.deliveries[0]!.ack();
        first.deliveries[2]!.ack();
        await first.close();
        const second = await consumeAll((delivery) => delivery.ack());
        await received(second.deliveries, 3);
        expect(idsOf(second.deliveries)).toEqual(range(3));
        expect(second.deliveries.map(({ redelivered }) => redelivered)).toEqual([true, true, true]);
        expect(first.deliveries.map(({ live }) => live)).toEqual([false, false, false]);
      });

      it('counts as one for the prefetch', async () => {
        const { deliveries } = await consumeAll();
        const ids = range(10 * prefetch);
        for (let at = 0; at < ids.length; at += 10) await putBatch(...ids.slice(at, at + 10));
        await received(deliveries, ids.length);
        expect(idsOf(deliveries)).toEqual(ids);
      });

      it('is forwarded once, whichever of its commands are', async () => {
        await putBatch('m1', 'm2', 'm3');
        await put(['m4']);
        const arrived: Delivery[] = [];
        const before: Delivery[] = [];
        await consumeAll((delivery, shard) => {
          if (before.length === 4) return arrived.push(delivery);
          before.push(delivery);
          if (before.length < 4) return;
          void (async () => {
            for (const one of before) await one.forward(shards[1 - shard]!);
          })();
        });
        await received(arrived, 4);
        await roundTrip();
        expect(idsOf(arrived)).toEqual(range(4));
        expect(arrived[1]!.command).toEqual(post(chat, 'm2'));
        for (const one of before) one.ack();
      });

      it('loses only the command that is moved to the dead letters', async () => {
        await putBatch('m1', 'm2', 'm3');
        const first = await consumeAll();
        await received(first.deliveries, 3);
        await first.deliveries[1]!.deadLetter('it crashed three times');
        first.deliveries[0]!.ack();
        first.deliveries[2]!.ack();
        await first.close();
        const letters = await broker.deadLetters();
        expect(letters.map(({ body, reason }) => [Buffer.from(body).toString(), reason])).toEqual([
          [encodeCommand(post(chat, 'm2')).toString(), 'it crashed three times'],
        ]);
        const second = await consumeAll();
        await put(['m4']);
        await received(second.deliveries, 1);
        expect(idsOf(second.deliveries)).toEqual(['m4']);
      });

      it('goes to the dead letters as a whole when one of its commands cannot be read', async () => {
        const body = batchOf(['m1', 'm2'], { body: 7 });
        await broker.publishRaw(body, chat);
        await put(['m3']);
        const { deliveries } = await consumeAll((delivery) => delivery.ack());
        await received(deliveries, 1);
        expect(idsOf(deliveries)).toEqual(['m3']);
        await until('the dead letter', async () => (await broker.deadLetters()).length === 1);
        const [letter] = await broker.deadLetters();
        expect(Buffer.from(letter!.body).toString()).toBe(body.toString());
        expect(letter!.reason).toMatch(/^commands\.0: body/);
      });

      it('settles nothing after the subscription has ended', async () => {
        await putBatch('m1', 'm2', 'm3');
        const first = await consumeAll();
        await received(first.deliveries, 3);
        await first.close();
        first.deliveries[0]!.ack();
        await first.deliveries[1]!.deadLetter('too late');
        await first.deliveries[2]!.forward(shards[0]);
        const second = await consumeAll();
        await received(second.deliveries, 3);
        await roundTrip();
        expect(idsOf(second.deliveries)).toEqual(range(3));
        expect(await broker.deadLetters()).toEqual([]);
      });
    });

    describe('EventPublisher', () => {
      it('publishes in order, confirms each once, and writes the events as they are', async () => {
        const lane = broker.publisher.lane(shards[0]);
        const confirmed: number[] = [];
        for (let n = 1; n <= 200; n++)
          lane.publish(announcement(entry(n), { replayed: n % 3 === 0 }), () => confirmed.push(n));
        await until('all confirmed', () => confirmed.length === 200);
        await until('all received', () => broker.events().length === 200);
        const expected = Array.from({ length: 200 }, (_, i) => ({
          id: `${chat}/${i + 1}`,
          type: 'message.posted',
          body: eventBody(entry(i + 1)),
          replayed: (i + 1) % 3 === 0,
        }));
        expect(broker.events()).toEqual(expected);
        expect(confirmed).toEqual(expected.map((_, i) => i + 1));
        lane.close();
      });

      it('announces rejections too', async () => {
        const rejected = rejectionOf(post(chat, 'm1'), { code: 'FORBIDDEN', reason: 'No.' }, 'now', micros(1));
        const lane = broker.publisher.lane(shards[1]);
        lane.publish(announcement(rejected), () => {});
        await until('the rejection arrived', () => broker.events().length === 1);
        expect(broker.events()[0]).toEqual({
          id: `${chat}/1/m1`,
          type: 'message.rejected',
          body: eventBody(rejected),
          replayed: false,
        });
        lane.close();
      });

      it('confirms nothing after the lane has been closed', async () => {
        const lane = broker.publisher.lane(shards[0]);
        let confirmed = 0;
        lane.publish(announcement(entry(1)), () => confirmed++);
        lane.close();
        lane.publish(announcement(entry(2)), () => confirmed++);
        await roundTrip();
        expect(confirmed).toBe(0);
      });
    });

    describe('CommandSender', () => {
      const answering = async (replayed: boolean) => {
        const lane = broker.publisher.lane(shards[0]);
        const { deliveries } = await consumeAll((delivery) => {
          const n = Number(delivery.command.clientMessageId.slice(1));
          lane.publish(announcement(entry(n), { replayed, replyTo: delivery.replyTo }), () => delivery.ack());
        });
        return deliveries;
      };

      it('brings each its own outcome', async () => {
        const deliveries = await answering(false);
        const outcomes = await Promise.all(range(40).map((id) => broker.sender.send(post(chat, id), 10_000)));
        expect(outcomes).toEqual(range(40).map((_, i) => ({ event: eventBody(entry(i + 1)), replayed: false })));
        expect(deliveries[0]!.command).toEqual(post(chat, 'm1'));
      });

      it('says that the command had been answered before', async () => {
        await answering(true);
        expect(await broker.sender.send(post(chat, 'm1'), 10_000)).toEqual({
          event: eventBody(entry(1)),
          replayed: true,
        });
      });

      it('does not know the outcome when the time runs out, and the command is still on its way', async () => {
        await expect(broker.sender.send(post(chat, 'm1'), 30)).rejects.toMatchObject({
          name: 'SendFailed',
          code: 'OUTCOME_UNKNOWN',
        });
        const { deliveries } = await consumeAll();
        await received(deliveries, 1);
        expect(idsOf(deliveries)).toEqual(['m1']);
      });
    });
  });
