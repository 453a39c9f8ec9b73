import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, connect } from 'amqplib/callback_api';

/** A connection straight to the broker that is opened again for as long as it is wanted. */
export class Reconnecting {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #model: Connection | undefined;

  /** `onUp` is called for every connection, in the very turn in which it is open. */
  constructor(url: string, name: string, onUp: (model: Connection) => void) {
    this.#running = this.#run(url, name, onUp);
  }

  async close(): Promise<void> {
    this.#stop.abort();
    try {
      this.#model?.close();
    } catch {
      // It is closed already.
    }
    await Promise.race([this.#running, sleep(2_000)]);
  }

  async #run(url: string, name: string, onUp: (model: Connection) => void): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await new Promise<void>((ended) => {
        const options = { timeout: 5_000, clientProperties: { connection_name: name } };
        connect(`${url}?heartbeat=5`, options, (error: Error | null, model: Connection) => {
          if (error) return ended();
          this.#model = model;
          model.on('error', () => {});
          model.on('close', () => ended());
          onUp(model);
        });
      });
      await sleep(200);
    }
  }
}

/** For amqplib's callbacks. */
export const called = <T>(call: (done: (error: Error | null, value: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => call((error, value) => (error ? reject(error) : resolve(value))));
