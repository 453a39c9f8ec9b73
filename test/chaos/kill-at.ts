/** Preloaded into an instance (--import): the process ends itself by SIGKILL when it comes to the boundary KILL_AT for the KILL_COUNTth
 *  time. The service knows nothing of it: its steps are recognised at the drivers, statements by their text. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as amqp from 'amqplib/callback_api';
import cassandra from 'cassandra-driver';
import { boundaries, type Step } from './kill-boundaries.ts';

const boundary = boundaries.find(({ name }) => name === process.env.KILL_AT);
if (boundary === undefined) throw new Error(`KILL_AT names no boundary: ${process.env.KILL_AT}`);
let timesLeft = Number(process.env.KILL_COUNT ?? 1);
let isCounting = boundary.during === 'taking';

const isDue = (when: 'before' | 'after', step: Step): boolean =>
  isCounting && boundary.step === step && boundary.when === when && --timesLeft === 0;

const die = (): never => {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('unreachable');
};

const before = (step: Step): void => {
  if (isDue('before', step)) die();
};
const after = (step: Step): void => {
  if (isDue('after', step)) die();
};
/** amqplib writes in the next turn of the event loop. */
const afterWriting = (step: Step): void => {
  if (isDue('after', step)) setImmediate(() => setImmediate(die));
};

process.once('SIGTERM', () => {
  if (boundary.during === 'leaving') isCounting = true;
});

const statements: readonly (readonly [start: string, step: Step])[] = [
  ['INSERT INTO journal', 'session'],
  ['UPDATE journal SET next_pos', 'append'],
  ["UPDATE journal SET state = 'fenced'", 'fence'],
  ['UPDATE journal SET done_pos', 'retirement'],
  ['DELETE FROM journal', 'clearing'],
  ['UPDATE shards SET owner = ?', 'claim'],
  ["UPDATE shards SET owner = ''", 'release'],
  ['INSERT INTO messages', 'projection'],
];

const stepOf = (query: string): Step | undefined => statements.find(([start]) => query.startsWith(start))?.[1];

type Answer = cassandra.types.ResultSet;

const around = async (step: Step | undefined, work: () => Promise<Answer>): Promise<Answer> => {
  if (step === undefined) return work();
  before(step);
  const answer = await work();
  // A conditional statement that was not applied has done nothing.
  if (answer.first()?.['[applied]'] !== false) after(step);
  return answer;
};

type Execute = (this: cassandra.Client, query: string, ...rest: unknown[]) => Promise<Answer>;
type Batch = (this: cassandra.Client, queries: { query: string }[], ...rest: unknown[]) => Promise<Answer>;
const client = cassandra.Client.prototype as unknown as { execute: Execute; batch: Batch };
const { execute, batch } = client;
client.execute = function (query, ...rest) {
  return around(stepOf(query), () => execute.call(this, query, ...rest));
};
client.batch = function (queries, ...rest) {
  return around(stepOf(queries[0]!.query), () => batch.call(this, queries, ...rest));
};

// The channel classes are not exported.
const require = createRequire(import.meta.url);
const model = join(dirname(require.resolve('amqplib/callback_api')), 'lib/callback_model.js');
const { Channel, ConfirmChannel } = require(model) as Record<'Channel' | 'ConfirmChannel', { prototype: object }>;

type Consume = (
  this: amqp.Channel,
  queue: string,
  onMessage: (message: amqp.ConsumeMessage | null) => void,
  ...rest: unknown[]
) => unknown;
type Ack = (this: amqp.Channel, message: amqp.Message, allUpTo?: boolean) => unknown;
const channel = Channel.prototype as { consume: Consume; ack: Ack };
const { consume, ack } = channel;
channel.consume = function (queue, onMessage, ...rest) {
  const received = (message: amqp.ConsumeMessage | null) => {
    if (message !== null && boundary.during === 'serving') isCounting = true;
    if (message !== null) before('delivery');
    onMessage(message);
  };
  return consume.call(this, queue, received, ...rest);
};
channel.ack = function (message, allUpTo) {
  before('ack');
  ack.call(this, message, allUpTo);
  afterWriting('ack');
  return this;
};

type Publish = (
  this: amqp.ConfirmChannel,
  exchange: string,
  routingKey: string,
  content: Buffer,
  options?: amqp.Options.Publish,
  confirmed?: (error: Error | null) => void,
) => boolean;
const confirmChannel = ConfirmChannel.prototype as { publish: Publish };
const { publish } = confirmChannel;
confirmChannel.publish = function (exchange, routingKey, content, options, confirmed) {
  const answered = (error: Error | null) => {
    if (error === null && exchange === 'delivery') after('confirm');
    if (error === null && exchange === 'chat.dead-letter') after('dead letter');
    confirmed?.(error);
  };
  const isTaken = publish.call(this, exchange, routingKey, content, options, confirmed && answered);
  if (exchange === 'delivery') afterWriting(options?.headers?.replayed === true ? 'event again' : 'event');
  return isTaken;
};
