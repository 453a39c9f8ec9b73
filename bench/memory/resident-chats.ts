/** A process with the real actors over a loaded SQLite folder: says how much heap chats take that are resident and idle, and what is left
 *  of it when they are passivated. Run with --expose-gc. */
import { setTimeout as sleep } from 'node:timers/promises';
import { startActorSystem } from '../../actors/kit/actor-system.ts';
import { startCell } from '../../actors/shard/guardian.ts';
import { defaultBucketLimits } from '../../src/application/turn/decide-command.ts';
import { chatId, clientMessageId, userId } from '../../src/domain/ids.ts';
import { openInProcessBroker } from '../../src/infrastructure/in-process/in-process-broker.ts';
import { openSqliteCell } from '../../src/infrastructure/sqlite/sqlite-cell.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';
import { keyHash } from '../../src/interface-adapters/amqp/command-identity.ts';
import { postMessageCommand } from '../../src/interface-adapters/amqp/command-json.ts';

export type MemoryTask = {
  readonly dataDir: string;
  /** Chats `m-0` … of user 1, read in two steps. */
  readonly first: number;
  readonly all: number;
};
export type MemoryFound = {
  /** Bytes at the start, with `first`, with `all` chats, and when they are passivated. */
  readonly heap: readonly [number, number, number, number];
  readonly buffers: readonly [number, number, number, number];
};

const { dataDir, first, all } = JSON.parse(process.env.TASK!) as MemoryTask;
const logger = { debug() {}, info() {}, warn() {}, error: console.error };
const clock = new SystemClock();
const residency = { maxChats: 10 * all, idleMs: 3_600_000 };
const store = openSqliteCell({ dataDir });
const broker = openInProcessBroker({ shardCount: store.ownership.shardCount, prefetch: 256, logger, clock });
const system = startActorSystem();
const cell = startCell({
  system,
  ownership: store.ownership,
  consumer: broker.consumer,
  publisher: broker.publisher,
  policy: { decide: async (requests) => requests.map(() => ({ effect: 'permit' })) },
  hashKey: keyHash,
  clock,
  logger,
  limits: defaultBucketLimits,
  residency,
});
while (cell.status().shards.length < store.ownership.shardCount) await sleep(20);

const touch = async (from: number, to: number) => {
  for (let start = from; start < to; start += 200)
    await Promise.all(
      Array.from({ length: Math.min(200, to - start) }, (_, index) =>
        broker.sender.send(
          postMessageCommand(
            { chatId: chatId(`m-${start + index}`), senderId: userId('1'), clientMessageId: clientMessageId('touch') },
            { body: 'hello', seedForm: false },
          ),
          60_000,
        ),
      ),
    );
};

const heap: number[] = [];
const buffers: number[] = [];
const weigh = async () => {
  await sleep(2_000); // until they rest
  for (let times = 0; times < 3; times++) (globalThis as unknown as { gc(): void }).gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  heap.push(heapUsed);
  buffers.push(arrayBuffers);
};

await touch(0, 50); // code and caches are there before the first look
await weigh();
await touch(50, first);
await weigh();
await touch(first, all);
await weigh();
Object.assign(residency, { idleMs: 0 });
while (cell.status().residentChats > 0) await sleep(50);
await weigh();
process.send!({ heap, buffers });
await cell.stop(5_000);
system.stop();
await store.close();
process.exit(0);
