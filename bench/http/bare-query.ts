/** The floor of the store: the one query that fetches a page's rows, and nothing made of them. Told how often, it says how long each took. */
import { connectData } from '../../src/infrastructure/cassandra/client.ts';
import { viewColumns } from '../../src/infrastructure/cassandra/message-row.ts';

export type QueryTask = {
  readonly contactPoints: string[];
  readonly localDataCenter: string;
  readonly keyspace: string;
};
export type QueryOrder = { readonly count: number; readonly atOnce: number; readonly chats: number };
export type QueryReply = { readonly micros: readonly number[]; readonly wallMs: number };

const client = await connectData(JSON.parse(process.env.TASK!) as QueryTask);
const query = `SELECT ${viewColumns} FROM messages WHERE chat_id = ? AND bucket = ? LIMIT ?`;

process.on('message', async ({ count, atOnce, chats }: QueryOrder) => {
  const micros: number[] = [];
  let next = 0;
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (next < count) {
        const began = performance.now();
        await client.execute(query, [`h-${next++ % chats}`, 0, 50]);
        micros.push(Math.max(1, Math.round((performance.now() - began) * 1000)));
      }
    }),
  );
  const reply: QueryReply = { micros, wallMs: performance.now() - startMs };
  process.send!(reply);
});
process.on('SIGTERM', () => process.exit(0));
process.send!('ready');
