import { execFile } from 'node:child_process';
import type { ConsumeMessage } from 'amqplib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { shardNumber } from '../../src/domain/ids.ts';
import type { AmqpBroker } from '../../src/infrastructure/amqp/amqp-broker.ts';
import { DeadLetterQueue } from '../../src/infrastructure/amqp/dead-letter-queue.ts';
import { shardQueue } from '../../src/infrastructure/amqp/topology.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import { encodeCommand } from '../../src/interface-adapters/amqp/command-json.ts';
import { post } from '../support/commands.ts';
import { until } from '../support/until.ts';
import { RabbitmqWorld, rabbitmqUrl } from './rabbitmq-harness.ts';

type Result = { code: number; out: string; err: string };

describe('npm run dead-letters', () => {
  let world: RabbitmqWorld;
  let broker: AmqpBroker;

  beforeEach(async () => {
    world = await RabbitmqWorld.open(1);
    broker = await world.start();
  });
  afterEach(async () => {
    await broker.close();
    await world.close();
  });

  const deadLetters = (...args: string[]): Promise<Result> =>
    new Promise((resolve) => {
      const names = ['--queue', world.names.deadLetters, '--exchange', world.names.commands];
      const env = { PATH: process.env.PATH, RABBITMQ_URL: rabbitmqUrl() };
      execFile(process.execPath, ['ops/dead-letters.ts', ...args, ...names], { env }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code), out, err }),
      );
    });
  /** As a shard does when a command crashes it. */
  const bury = async (commands: readonly (readonly [chat: string, name: string])[], properties: object = {}) => {
    const subscription = await broker.consumer.consume(shardNumber(0), (delivery) => {
      void delivery.deadLetter('crashed the service 3 times');
    });
    const before = (await letters()).length;
    for (const [chat, name] of commands) await world.put(encodeCommand(post(chat, name)), chat, properties);
    await until('buried', async () => (await letters()).length === before + commands.length);
    await subscription.close();
  };
  const buryText = async (text: string) => {
    const subscription = await broker.consumer.consume(shardNumber(0), () => {});
    await world.put(Buffer.from(text), 'x');
    await until('buried', async () => (await letters()).some((letter) => letter === text));
    await subscription.close();
  };
  const letters = async () => (await world.deadLetters()).map(({ body }) => body.toString());
  const names = async () => (await letters()).map((body) => JSON.parse(body).client_message_id);
  const idsIn = (out: string) =>
    out
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(' ')[0]!);
  const listed = async () => idsIn((await deadLetters('list')).out);
  const arrivals = async (count: number) => {
    const messages: ConsumeMessage[] = [];
    const queue = shardQueue(world.names.commands, 0);
    await world.channel.consume(queue, (message) => message && messages.push(message), { noAck: true });
    await until(`${count} arrived`, () => messages.length >= count);
    return messages;
  };
  const arrived = (messages: readonly ConsumeMessage[]) =>
    messages.map(({ content }) => JSON.parse(content.toString()).client_message_id);

  it('lists what there is without its text, and changes nothing', async () => {
    expect((await deadLetters('list')).out).toBe('No dead letters.\n');
    await bury([
      ['a', 'm1'],
      ['b', 'm2'],
    ]);
    await buryText('{"body":"private"');
    const before = await letters();
    const { code, out } = await deadLetters('list');
    expect(code).toBe(0);
    const rows = out.trimEnd().split('\n');
    expect(rows[0]).toMatch(/^id +when +source queue +reason +attempts +type +chat +sender +client id +bytes$/);
    const source = shardQueue(world.names.commands, 0);
    expect(rows[1]).toMatch(/^[0-9a-f]{12} +\d{4}-\d\d-\d\dT.*Z +.* +message\.post +a +1 +m1 +\d+$/);
    expect(rows[1]).toContain(`${source}  crashed the service 3 times`);
    expect(rows[1]).toMatch(/3 times +1 +message/);
    expect(rows[3]).toMatch(/the body is not JSON.* unreadable /);
    expect(out).not.toMatch(/text of|private/);
    expect(idsIn((await deadLetters('list', '--limit', '2')).out).slice(0, 2)).toEqual(
      await listed().then((ids) => ids.slice(0, 2)),
    );
    expect(await listed()).toEqual(idsIn(out));
    expect(await letters()).toEqual(before);
  });

  it('shows everything about one', async () => {
    await bury([['a', 'm1']], { messageId: 'producer-id', headers: { traceparent: 'tp' } });
    const [id] = await listed();
    const { code, out } = await deadLetters('show', id!);
    expect(code).toBe(0);
    for (const part of [id!, 'crashed the service 3 times', 'producer-id', '"traceparent":"tp"', '"body":"text of m1"'])
      expect(out).toContain(part);
    expect(await letters()).toHaveLength(1);
  });

  it('leaves the order as it is, however often and wherever one looks', async () => {
    await bury(['m1', 'm2', 'm3'].map((name) => ['a', name] as const));
    const ids = await listed();
    await deadLetters('list', '--limit', '1');
    await deadLetters('show', ids[0]!);
    await deadLetters('show', ids[1]!);
    expect(await names()).toEqual(['m1', 'm2', 'm3']);
  });

  it('replays forty commands of a chat in their order, whatever looks there were before', async () => {
    const forty = Array.from({ length: 40 }, (_, n) => `m${n + 1}`);
    await bury(forty.map((name) => ['a', name] as const));
    const ids = await listed();
    await deadLetters('list', '--limit', '10');
    await deadLetters('show', ids[20]!);
    expect(await listed()).toEqual(ids);
    expect((await deadLetters('replay', '--all')).out).toMatch(/\n40 replayed\n$/);
    expect(arrived(await arrivals(40))).toEqual(forty);
  });

  it('goes through the first 65,535 in order, and says that there are more', async () => {
    for (let n = 1; n <= 65_540; n++) world.channel.sendToQueue(world.names.deadLetters, Buffer.from(String(n)));
    await world.channel.waitForConfirms();
    const missing = await deadLetters('show', 'nobody');
    expect(missing.err).toMatch(/^Not among the first 65535 in the queue \(5 more lie behind them\): nobody/);
    expect((await deadLetters('list', '--limit', '10')).out).toMatch(/There are more; these are the first 10/);
    const looking = await DeadLetterQueue.open({ url: rabbitmqUrl() }, world.names, new SystemClock());
    const bodies: string[] = [];
    const { beyond } = await looking.walk(({ message }) => {
      bodies.push(message.content.toString());
      return 'keep';
    });
    expect(beyond).toBe(5);
    expect(bodies).toEqual(Array.from({ length: 65_535 }, (_, n) => String(n + 1)));
    await looking.close();
  });

  it('replays the chosen ones in the order of the queue, and leaves the others in theirs', async () => {
    await bury(
      ['m1', 'm2', 'm3', 'm4', 'm5'].map((name) => ['a', name] as const),
      { messageId: 'mine', correlationId: 'c', persistent: true, headers: { traceparent: 'tp' } },
    );
    const bodies = await letters();
    const ids = await listed();
    const { code, out } = await deadLetters('replay', ids[3]!, ids[1]!);
    expect(out).toBe(`${ids[1]} replayed\n${ids[3]} replayed\n2 replayed\n`);
    expect(code).toBe(0);
    const messages = await arrivals(2);
    expect(arrived(messages)).toEqual(['m2', 'm4']);
    expect(messages[0]!.content.toString()).toBe(bodies[1]);
    expect(messages[0]!.fields).toMatchObject({ exchange: world.names.commands, routingKey: 'a' });
    const { properties } = messages[0]!;
    expect(properties).toMatchObject({ messageId: 'mine', correlationId: 'c', deliveryMode: 2 });
    expect(properties.headers).toEqual({ traceparent: 'tp', 'x-redelivered': true });
    expect(await names()).toEqual(['m1', 'm3', 'm5']);
    expect(await listed()).toEqual([ids[0], ids[2], ids[4]]);
  });

  it('replays all that can be read, and says what cannot', async () => {
    await bury([['a', 'm1']]);
    await buryText('no command');
    await bury([['b', 'm2']]);
    const { code, out, err } = await deadLetters('replay', '--all');
    expect(out).toMatch(/\n2 replayed\n$/);
    expect(err).toMatch(/not replayed: it cannot be read as a command .*discard it/);
    expect(code).toBe(1);
    expect(arrived(await arrivals(2))).toEqual(['m1', 'm2']);
    expect(await letters()).toEqual(['no command']);
  });

  it('removes nothing that no queue took', async () => {
    await bury([
      ['a', 'm1'],
      ['a', 'm2'],
    ]);
    expect(await names()).toEqual(['m1', 'm2']);
    const queue = shardQueue(world.names.commands, 0);
    await world.channel.unbindQueue(queue, world.names.commands, '1');
    const { code, out, err } = await deadLetters('replay', '--all');
    expect(out).toBe('');
    expect(err).toMatch(/was not replayed and stays where it is: no queue is bound/);
    expect(code).toBe(1);
    await world.channel.bindQueue(queue, world.names.commands, '1');
    expect(await names()).toEqual(['m1', 'm2']);
  });

  it('discards only when told twice', async () => {
    await bury([
      ['a', 'm1'],
      ['a', 'm2'],
      ['a', 'm3'],
    ]);
    const ids = await listed();
    const careful = await deadLetters('discard', ids[1]!);
    expect(careful.code).toBe(1);
    expect(careful.out).toContain(ids[1]);
    expect(careful.err).toMatch(/--yes/);
    expect(await names()).toEqual(['m1', 'm2', 'm3']);
    const done = await deadLetters('discard', ids[1]!, '--yes');
    expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/\n1 discarded\n$/) });
    expect(await names()).toEqual(['m1', 'm3']);
  });

  it('knows what the broker itself gave up, and tells equal ones apart', async () => {
    const body = encodeCommand(post('a', 'm1'));
    for (const _ of [1, 2]) await world.put(body, 'a', { expiration: '1', headers: {} });
    await until('both dead', async () => (await letters()).length === 2);
    const ids = await listed();
    expect(new Set(ids).size).toBe(2);
    const { out } = await deadLetters('list');
    expect(out).toMatch(/expired: its time to live was over/);
    expect(out).toContain(shardQueue(world.names.commands, 0));
    await deadLetters('replay', ids[0]!);
    const [message] = await arrivals(1);
    expect(message!.properties.headers).toEqual({ 'x-redelivered': true });
    expect(await letters()).toHaveLength(1);
  });

  it('does not believe what a producer wrote about a death of its command', async () => {
    const body = encodeCommand(post('a', 'm1'));
    const forged = { 'x-id': 'mine', 'x-at': 'long ago', 'x-reason': 'a forged reason', 'x-attempts': 7_654_321 };
    for (const n of [1, 2]) await world.put(body, 'a', { expiration: '1', headers: { ...forged, n } });
    await until('both dead', async () => (await letters()).length === 2);
    const { out } = await deadLetters('list');
    expect(out).not.toMatch(/mine|long ago|forged|7654321/);
    const [first, second] = idsIn(out);
    expect(await deadLetters('discard', first!, '--yes')).toMatchObject({ code: 0 });
    expect(await deadLetters('discard', first!, '--yes')).toMatchObject({
      code: 1,
      err: expect.stringMatching(`^Not in the queue: ${first}`),
    });
    expect(await listed()).toEqual([second]);
    await deadLetters('replay', second!);
    const [message] = await arrivals(1);
    expect(message!.properties.headers).toEqual({ ...forged, n: 2, 'x-redelivered': true });
  });

  it('keeps its own reason for a command that died elsewhere before', async () => {
    const earlier = {
      'x-death': [{ queue: 'elsewhere', reason: 'expired', count: 1 }],
      'x-first-death-queue': 'elsewhere',
    };
    await bury([['a', 'm1']], { headers: earlier });
    const { out } = await deadLetters('list');
    expect(out).toMatch(/crashed the service 3 times +1 +message/);
    expect(out).not.toContain('elsewhere');
  });

  it('lets one person at a time go through them: two would change their order', async () => {
    await bury([
      ['a', 'm1'],
      ['a', 'm2'],
    ]);
    const results = await Promise.all([deadLetters('list'), deadLetters('list'), deadLetters('list')]);
    for (const { code, err } of results) {
      expect(err).toMatch(code === 0 ? /^$/ : /^Somebody else is going through the dead letters/);
    }
    expect(results.some(({ code }) => code === 0)).toBe(true);
    const looking = await DeadLetterQueue.open({ url: rabbitmqUrl() }, world.names, new SystemClock());
    expect((await deadLetters('list')).err).toMatch(/^Somebody else/);
    await looking.close();
    expect(await names()).toEqual(['m1', 'm2']);
  });

  it('says what is wrong in a sentence', async () => {
    expect(await deadLetters('replay')).toMatchObject({ code: 1, err: expect.stringMatching(/^Say what to do/) });
    expect(await deadLetters('explode')).toMatchObject({ code: 1, err: expect.stringMatching(/^Say what to do/) });
    const missing = await deadLetters('show', 'abc');
    expect(missing).toMatchObject({ code: 1, err: expect.stringMatching(/^Not in the queue: abc/) });
  });
});
