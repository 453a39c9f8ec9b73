import { suggestShard } from '../src/infrastructure/in-process/suggest-shard.ts';
import type { Bench } from './core/bench.ts';
import { Child } from './core/child.ts';
import { median, Ratios } from './core/ratios.ts';
import type { MemoryFound, MemoryTask } from './memory/resident-chats.ts';
import type { ChatPlan } from './stores/made-chat.ts';
import { benchFolder, loadSqlite } from './stores/sqlite-loader.ts';

const shards = 16;

const plans = function* (chats: number): Generator<ChatPlan> {
  for (let index = 0; index < chats; index++) {
    const id = `m-${index}`;
    // Enough for every chat to have a block of keys behind it and some after.
    yield { id, shard: suggestShard(id, shards), messages: 80 };
  }
};

export const memory: Bench = {
  about: 'bytes of heap per chat that is resident and idle, and what is left when it is passivated',
  maxMinutes: 20,
  run: async (context) => {
    const { first, all } = context.quick ? { first: 500, all: 2_500 } : { first: 2_000, all: 22_000 };
    const idle: number[] = [];
    const buffers: number[] = [];
    const left: number[] = [];
    for (let round = 0; round < context.rounds; round++) {
      const dataDir = benchFolder(context);
      loadSqlite(dataDir, plans(all), shards);
      const task: MemoryTask = { dataDir, first, all };
      const child = new Child(context, 'bench/memory/resident-chats.ts', { TASK: JSON.stringify(task) }, [
        '--expose-gc',
      ]);
      const found = (await child.said()) as MemoryFound;
      await child.stop();
      // From one number of chats to another, so that what the process takes without any is in neither.
      idle.push((found.heap[2] - found.heap[1]) / (all - first));
      buffers.push((found.buffers[2] - found.buffers[1]) / (all - first));
      left.push((found.heap[3] - found.heap[0]) / all);
      context.log(`${idle.at(-1)!.toFixed(0)} bytes a chat`);
    }
    const ratios = new Ratios();
    ratios.add('memory.idle', idle);
    ratios.add('memory.idle.buffers', buffers, { slack: 50 });
    ratios.add('memory.passivated', left, { slack: 100 });
    return {
      ratios: ratios.accepted,
      refused: ratios.refused,
      cpuMicrosPerMessage: {},
      tables: [],
      curves: [],
      notes: [
        `Chats of two members and 80 messages, each of which was sent one message and then left alone: from ${first} to ${all} of them, after collecting garbage. The real actors over SQLite.`,
        `memory.idle is heap; memory.idle.buffers lies beside the heap; memory.passivated is what each leaves on the heap (${Math.round(median(left))} bytes).`,
      ],
    };
  },
};
