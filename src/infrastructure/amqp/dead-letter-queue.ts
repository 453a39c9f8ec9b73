import type { ConfirmChannel } from 'amqplib/callback_api';
import type { Clock } from '../../application/ports/system.ts';
import { type AmqpError, checkUrl, redactedUrl, refusalOf } from './broker-refused.ts';
import { type DeadLetter, deadLetterOf, replayOf } from './dead-letter.ts';
import { DeadLetterLook, DeadLettersFailed, mostAtOnce } from './dead-letter-look.ts';
import { type BrokerEndpoint, closeModel, connectModel, type Model } from './model.ts';
import { publishMandatory } from './parcel.ts';
import { called } from './standing-channel.ts';

export type Verdict = 'keep' | 'replay' | 'discard';

const confirmTimeoutMs = 30_000;

/** The dead letters as a person goes through them. A look takes all of them and lets them go again when its channel closes. The
 *  order holds only when there is one look at a time: whoever looks holds an exclusive queue as a lock until everything is back. */
export class DeadLetterQueue {
  readonly #names: { readonly commands: string; readonly deadLetters: string };
  readonly #model: Model;
  readonly #clock: Clock;

  private constructor(names: { commands: string; deadLetters: string }, model: Model, clock: Clock) {
    this.#names = names;
    this.#model = model;
    this.#clock = clock;
  }

  /** One attempt. Rejects with a sentence. */
  static async open(
    endpoint: BrokerEndpoint,
    names: { commands: string; deadLetters: string },
    clock: Clock,
  ): Promise<DeadLetterQueue> {
    const { url } = endpoint;
    checkUrl(url);
    const model = await called<Model>((done) => connectModel(endpoint, 'chat-messaging dead letters', done)).catch(
      (error: AmqpError) => {
        const why = refusalOf(error, url) ?? `RabbitMQ at ${redactedUrl(url)} cannot be reached: ${error.message}.`;
        throw new DeadLettersFailed(why, { cause: error });
      },
    );
    model.on('error', () => {}); // what is under way reports it
    await lock(model, `${names.deadLetters}.look`).catch(async (error) => {
      await closeModel(model, clock);
      throw error;
    });
    return new DeadLetterQueue(names, model, clock);
  }

  /** Shows the letters one by one, from the head of the queue on, up to as many as there are now; each leaves the queue only after
   *  its verdict was carried out: a replayed one after the broker's confirm. One after the other, so the order holds. Ends early
   *  when `visit` says `stop`. Rejects at the first one that cannot be moved; nothing after it is touched. Resolves with how many lie
   *  behind the 65,535 that a look can hold. */
  async walk(visit: (letter: DeadLetter) => Verdict | 'stop'): Promise<{ beyond: number }> {
    const channel = await openChannel(this.#model);
    const count = await this.#count(channel);
    const visible = Math.min(count, mostAtOnce);
    const done = { removed: 0 };
    try {
      if (visible > 0) await this.#visit(channel, visible, done, visit);
    } finally {
      // The answer comes after every ack was taken.
      await called((closed) => channel.close((error) => closed(error, undefined))).catch(() => {});
      await this.#untilBack(count - done.removed);
    }
    return { beyond: count - visible };
  }

  async #visit(
    channel: ConfirmChannel,
    visible: number,
    done: { removed: number },
    visit: (letter: DeadLetter) => Verdict | 'stop',
  ): Promise<void> {
    let returned = false;
    channel.on('return', () => {
      returned = true;
    });
    const look = await DeadLetterLook.begin(channel, this.#names.deadLetters, this.#clock);
    const seen = new Map<string, number>();
    for (let visited = 0; visited < visible; visited++) {
      const message = await look.next();
      const letter = deadLetterOf(message, seen);
      const verdict = visit(letter);
      if (verdict === 'stop') return;
      if (verdict === 'keep') continue;
      if (verdict === 'replay') {
        returned = false;
        const problem = await this.#replay(channel, letter);
        if (problem !== undefined || returned) throw this.#notReplayed(letter, problem);
      }
      channel.ack(message);
      done.removed++;
    }
  }

  /** The queue takes back what a closed channel held a moment after it has answered. */
  async #untilBack(count: number): Promise<void> {
    const channel = await openChannel(this.#model);
    for (let looks = 0; looks < 100 && (await this.#count(channel)) < count; looks++) await this.#clock.sleep(20);
  }

  async close(): Promise<void> {
    await closeModel(this.#model, this.#clock);
  }

  async #count(channel: ConfirmChannel): Promise<number> {
    const { deadLetters } = this.#names;
    try {
      return (await called<{ messageCount: number }>((done) => channel.checkQueue(deadLetters, done))).messageCount;
    } catch (error) {
      if ((error as AmqpError).code !== 404) throw error;
      throw new DeadLettersFailed(
        `There is no queue "${deadLetters}" in this vhost: the service makes it when it starts with this RABBITMQ_URL.`,
      );
    }
  }

  /** Resolves with what went wrong. */
  async #replay(channel: ConfirmChannel, letter: DeadLetter): Promise<string | undefined> {
    if (!letter.decoded.ok) return 'it cannot be read as a command';
    const parcel = replayOf(letter, this.#names.commands, letter.decoded.chatId);
    const over = new AbortController();
    return new Promise<string | undefined>((resolve) => {
      this.#clock.sleep(confirmTimeoutMs, over.signal).then(
        () => resolve('the broker did not confirm it'),
        () => {},
      );
      publishMandatory(channel, parcel, (error) => resolve(error === null ? undefined : error.message));
    }).finally(() => over.abort());
  }

  #notReplayed({ id }: DeadLetter, problem: string | undefined): DeadLettersFailed {
    const why = problem ?? `no queue is bound to the exchange "${this.#names.commands}"`;
    return new DeadLettersFailed(
      `${id} was not replayed and stays where it is: ${why}. Nothing after it was touched; try again.`,
    );
  }
}

const openChannel = (model: Model): Promise<ConfirmChannel> =>
  called<ConfirmChannel>((done) => {
    const channel: ConfirmChannel = model.createConfirmChannel((error) => done(error, channel));
    channel.on('error', () => {}); // the call that caused it reports it
  });

const lock = async (model: Model, queue: string): Promise<void> => {
  const channel = await openChannel(model);
  try {
    await called((done) => channel.assertQueue(queue, { exclusive: true, durable: false }, done));
  } catch (error) {
    if ((error as AmqpError).code !== 405) throw error;
    throw new DeadLettersFailed(
      'Somebody else is going through the dead letters right now; try again when they are done.',
    );
  }
};
