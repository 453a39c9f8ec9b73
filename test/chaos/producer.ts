import type { ConfirmChannel, Connection } from 'amqplib/callback_api';
import type { Load } from '../../bench/load.ts';
import { until } from '../support/until.ts';
import { Reconnecting } from './connection.ts';
import { commandAt, routingKeyOf } from './items.ts';

const exchange = 'chat.commands';
const maxUnconfirmed = 2_000;
const tickMs = 5;

/** Publishes a load with confirms, on one channel. When that is lost, everything from the first unconfirmed command on is sent again, with the
 *  same client_message_ids: then the order per chat is that of the numbers, whatever the broker took the first time. */
export class Producer {
  /** Commands per second that become due. */
  rate = 0;
  /** Commands that became due: the next one's number. */
  made = 0;
  /** All before it are confirmed. */
  confirmed = 0;
  resent = 0;
  /** When each command was sent first. */
  readonly sentAtMs: number[] = [];
  readonly load: Load;
  readonly #connection: Reconnecting;
  readonly #ticking: NodeJS.Timeout;
  readonly #confirmedAhead = new Set<number>();
  #model: Connection | undefined;
  #channel: ConfirmChannel | undefined;
  #next = 0;
  #credit = 0;
  #tickedAtMs = performance.now();

  constructor(url: string, load: Load) {
    this.load = load;
    this.#connection = new Reconnecting(url, 'chaos producer', (model) => this.#open(model));
    this.#ticking = setInterval(() => this.#tick(), tickMs);
  }

  /** Creates the chats. */
  begin(): void {
    this.burst(this.load.chats);
  }

  /** As many at once. */
  burst(commands: number): void {
    this.#credit += commands;
  }

  /** No more become due; resolves when all are confirmed. */
  async finish(withinMs: number): Promise<void> {
    this.rate = 0;
    const isDone = () => this.#credit < 1 && this.confirmed === this.made;
    await until('the broker has not confirmed every command', isDone, withinMs);
  }

  async close(): Promise<void> {
    clearInterval(this.#ticking);
    await this.#connection.close();
  }

  #open(model: Connection): void {
    this.#model = model;
    model.createConfirmChannel((error, channel) => {
      if (error) return;
      channel.on('error', () => {});
      channel.on('close', () => this.#lost(channel));
      // Nothing was bound: the confirm that follows a return means nothing.
      channel.on('return', () => this.#lost(channel));
      this.resent += this.#next - this.confirmed;
      this.#next = this.confirmed;
      this.#confirmedAhead.clear();
      this.#channel = channel;
    });
  }

  #lost(channel: ConfirmChannel): void {
    if (this.#channel !== channel) return;
    this.#channel = undefined;
    try {
      channel.close();
    } catch {
      // It is closed already.
    }
    setTimeout(() => {
      try {
        if (this.#channel === undefined && this.#model !== undefined) this.#open(this.#model);
      } catch {
        // The connection is gone too; its successor opens a channel.
      }
    }, 100);
  }

  #tick(): void {
    const now = performance.now();
    this.#credit += (this.rate * (now - this.#tickedAtMs)) / 1_000;
    this.#tickedAtMs = now;
    const channel = this.#channel;
    while (channel !== undefined && this.#channel === channel && this.#next < this.confirmed + maxUnconfirmed) {
      if (this.#next === this.made) {
        if (this.#credit < 1) return;
        this.#credit--;
        this.made++;
        this.sentAtMs.push(now);
      }
      this.#publish(channel, this.#next++);
    }
  }

  #publish(channel: ConfirmChannel, item: number): void {
    const body = Buffer.from(JSON.stringify(commandAt(this.load, item)));
    const properties = { persistent: true, mandatory: true, messageId: `${this.load.run}-${item}` };
    channel.publish(exchange, routingKeyOf(this.load, item), body, properties, (error) => {
      if (this.#channel !== channel) return;
      if (error) return this.#lost(channel);
      this.#confirmedAhead.add(item);
      while (this.#confirmedAhead.delete(this.confirmed)) this.confirmed++;
    });
  }
}
