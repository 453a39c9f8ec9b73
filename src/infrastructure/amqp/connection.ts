import type { Clock, Logger } from '../../application/ports/system.ts';
import { backoffMs } from './backoff.ts';
import { type AmqpError, BrokerRefused, checkUrl, redactedUrl, refusalOf } from './broker-refused.ts';
import {
  type BrokerEndpoint,
  closeModel,
  closeTimeoutMs,
  connectModel,
  connectTimeoutMs,
  type Model,
} from './model.ts';

export type ConnectionState = 'up' | 'blocked' | 'down';

export type ConnectionOptions = BrokerEndpoint & {
  /** Shown in the broker's list of connections and in our log lines. */
  readonly name: string;
  readonly logger: Logger;
  readonly clock: Clock;
};

/** A connection that lived this long was a good one: the next attempt begins with the shortest wait again. */
const goodAfterMs = 5_000;

/** One connection that is opened again for as long as it is wanted. Built on amqplib's callback API: there the listeners are in
 *  place before anything can happen; with its promises an `error` could come first and end the process. */
export class SupervisedConnection {
  /** Grows with every connection; what belongs to an older one is dead. */
  generation = 0;
  state: ConnectionState = 'down';
  model: Model | undefined;
  readonly #options: ConnectionOptions;
  readonly #stop = new AbortController();
  readonly #upListeners = new Set<(model: Model) => void>();
  readonly #unblockedListeners = new Set<() => void>();
  /** The clock's timers let the process end; one that waits for its broker must not. */
  readonly #keepAlive = setInterval(() => {}, 2 ** 30);
  #lastProblem = '';
  #running: Promise<void> = Promise.resolve();

  private constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#stop.signal.addEventListener('abort', () => clearInterval(this.#keepAlive));
  }

  /** Resolves with the first connection, however long the server takes to come up. Rejects with BrokerRefused when waiting
   *  cannot help, or with the signal's reason. */
  static async open(options: ConnectionOptions, signal?: AbortSignal): Promise<SupervisedConnection> {
    checkUrl(options.url);
    const connection = new SupervisedConnection(options);
    await new Promise<void>((resolve, reject) => {
      const giveUp = () => {
        connection.#stop.abort();
        reject(signal?.reason);
      };
      if (signal?.aborted) return giveUp();
      signal?.addEventListener('abort', giveUp, { once: true });
      connection.onUp(() => resolve());
      connection.#running = connection.#run((refusal) => {
        connection.#stop.abort();
        reject(refusal);
      });
      // Once it is open, close() is how to end it.
      connection.onUp(() => signal?.removeEventListener('abort', giveUp));
    });
    return connection;
  }

  /** True while something may be written: connected, and the broker takes from us. */
  get writable(): boolean {
    return this.state === 'up';
  }

  /** Called for the present connection, when there is one, and for every later one. Returns how to stop listening. */
  onUp(listener: (model: Model) => void): () => void {
    this.#upListeners.add(listener);
    if (this.model !== undefined) listener(this.model);
    return () => this.#upListeners.delete(listener);
  }

  onUnblocked(listener: () => void): () => void {
    this.#unblockedListeners.add(listener);
    return () => this.#unblockedListeners.delete(listener);
  }

  /** Rejects with the signal's reason. */
  whenUp(signal: AbortSignal): Promise<Model> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (this.model !== undefined) return resolve(this.model);
      const done = () => {
        this.#upListeners.delete(up);
        signal.removeEventListener('abort', aborted);
      };
      const up = (model: Model) => {
        done();
        resolve(model);
      };
      const aborted = () => {
        done();
        reject(signal.reason);
      };
      this.#upListeners.add(up);
      signal.addEventListener('abort', aborted);
    });
  }

  /** Ends it. amqplib's own close never settles on a dead connection, so it has two seconds. Never rejects. */
  async close(): Promise<void> {
    this.#stop.abort();
    if (this.model !== undefined) await closeModel(this.model, this.#options.clock);
    await Promise.race([this.#running, this.#options.clock.sleep(closeTimeoutMs)]);
  }

  async #run(refused: (refusal: BrokerRefused) => void): Promise<void> {
    const { clock, url } = this.#options;
    const signal = this.#stop.signal;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const startedMs = clock.monotonicMs();
      const problem = await this.#connectOnce();
      if (signal.aborted) return;
      const refusal = this.generation === 0 ? refusalOf(problem, url) : undefined;
      if (refusal !== undefined) return refused(new BrokerRefused(refusal, { cause: problem }));
      this.#logProblem(problem);
      if (clock.monotonicMs() - startedMs > goodAfterMs + connectTimeoutMs) attempt = 0;
      await clock.sleep(backoffMs(attempt), signal).catch(() => {});
    }
  }

  /** Resolves with the reason when the connection could not be made or has ended. */
  #connectOnce(): Promise<AmqpError> {
    const { name } = this.#options;
    return new Promise((resolve) => {
      let lastError: AmqpError | undefined;
      const opened = (error: AmqpError | null, model: Model) => {
        if (error) return resolve(error);
        model.on('error', (problem) => {
          lastError = problem;
        });
        model.on('close', (problem) => {
          this.#down(model);
          resolve(problem ?? lastError ?? new Error('connection closed'));
        });
        model.on('blocked', (reason) => this.#blocked(model, reason));
        model.on('unblocked', () => this.#unblocked(model));
        model.on('handler-error', (problem) =>
          this.#options.logger.error({ err: problem, connection: name }, 'AMQP listener failed'),
        );
        this.#up(model);
        if (this.#stop.signal.aborted) void closeModel(model, this.#options.clock);
      };
      try {
        connectModel(this.#options, name, opened);
      } catch (error) {
        resolve(error as Error);
      }
    });
  }

  #up(model: Model): void {
    this.model = model;
    this.state = 'up';
    this.generation++;
    this.#lastProblem = '';
    const { name, url, logger } = this.#options;
    logger.info({ connection: name, broker: redactedUrl(url), generation: this.generation }, 'connected to RabbitMQ');
    for (const listener of [...this.#upListeners]) listener(model);
  }

  #down(model: Model): void {
    if (this.model !== model) return;
    this.model = undefined;
    this.state = 'down';
  }

  #blocked(model: Model, reason: string): void {
    if (this.model !== model) return;
    this.state = 'blocked';
    this.#options.logger.warn({ connection: this.#options.name, reason }, 'RabbitMQ takes no messages for now');
  }

  #unblocked(model: Model): void {
    if (this.model !== model) return;
    this.state = 'up';
    this.#options.logger.info({ connection: this.#options.name }, 'RabbitMQ takes messages again');
    for (const listener of [...this.#unblockedListeners]) listener();
  }

  /** Once per reason, not per attempt. */
  #logProblem(problem: AmqpError): void {
    const text = problem.message || String(problem.code ?? problem);
    if (text === this.#lastProblem) return;
    this.#lastProblem = text;
    const { name, url, logger } = this.#options;
    logger.warn(
      { connection: name, broker: redactedUrl(url), problem: text },
      'no connection to RabbitMQ; trying again',
    );
  }
}
