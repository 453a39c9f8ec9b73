import { setTimeout as sleep } from 'node:timers/promises';
import type { Child } from '../core/child.ts';
import type { LocalStack } from '../core/local-stack.ts';
import type { Sample } from '../core/rounds.ts';
import { chatIdAt, chatOf, clientIdAt, createCommand, type Load, postCommand } from '../load.ts';
import { cpuMicros } from '../process-cpu.ts';
import type { Queues } from './queues.ts';

/** Whoever empties the queues behind one exchange. */
export type Contestant = { readonly child: Child; readonly exchange: string };

export type Outgoing = {
  readonly exchange: string;
  readonly routingKey: string;
  readonly id: string;
  readonly body: Buffer;
};

/** One load that goes on: every message of it is new. */
export class Stream {
  readonly load: Load;
  readonly #home: ((chat: number) => string) | undefined;
  readonly #from: number;
  #next: number;

  /** `home`: the queue of a chat's shard, for chats whose home was not found by the exchange. `from`: where another stream over the same
   *  chats has ended. */
  constructor(load: Load, home?: (chat: number) => string, from = 0) {
    this.load = load;
    this.#home = home;
    this.#from = from;
    this.#next = from;
  }

  /** How many there were. */
  get sent(): number {
    return this.#next - this.#from;
  }

  next(exchange: string): Outgoing {
    const index = this.#next++;
    const chat = chatOf(this.load, index);
    const body = Buffer.from(JSON.stringify(postCommand(this.load, index)));
    const id = clientIdAt(this.load, index);
    return this.#home === undefined
      ? { exchange, routingKey: chatIdAt(this.load, chat), id, body }
      : { exchange: '', routingKey: this.#home(chat), id, body };
  }

  *take(count: number, exchange: string): Generator<Outgoing> {
    for (let index = 0; index < count; index++) yield this.next(exchange);
  }

  *creations(exchange: string): Generator<Outgoing> {
    for (let chat = 0; chat < this.load.chats; chat++) {
      const body = Buffer.from(JSON.stringify(createCommand(this.load, chat)));
      yield { exchange, routingKey: chatIdAt(this.load, chat), id: `create-${chat}`, body };
    }
  }
}

/** Longer, and a stopped service would be held to be gone. */
const longestFillMs = 4_500;

/** Fills the queues while the contestant stands still, lets it go, and measures until the last event is there. So the generator costs
 *  nothing while it counts, and can starve nobody. */
export const drain = async (
  { child, exchange }: Contestant,
  stream: Stream,
  count: number,
  queues: Queues,
  { pids }: LocalStack,
): Promise<Sample> => {
  await queues.forgetEvents();
  child.pause();
  const fillMs = performance.now();
  await queues.fill(stream.take(count, exchange));
  const filledMs = performance.now() - fillMs;
  const processes = { service: child.pid, broker: pids.broker, store: pids.store, generator: process.pid };
  const spent = () => Object.entries(processes).map(([name, pid]) => [name, cpuMicros(pid)] as const);
  const before = spent();
  const startMs = performance.now();
  child.goOn();
  if (filledMs > longestFillMs)
    throw new Error(`the generator starved: it filled the queues in ${Math.round(filledMs)} ms`);
  const endMs = await queues.untilEvents(count);
  const after = new Map(spent());
  await sleep(150);
  const seen = await queues.events();
  if (seen !== count) throw new Error(`${seen} events came of ${count} messages`);
  return {
    operations: count,
    wallMs: endMs - startMs,
    cpu: Object.fromEntries(before.map(([name, micros]) => [name, after.get(name)! - micros])),
  };
};
