import { chatId, seq } from '../../src/domain/ids.ts';
import { CassandraChatReader } from '../../src/infrastructure/cassandra/cassandra-chat-reader.ts';
import { CassandraChatStore } from '../../src/infrastructure/cassandra/cassandra-chat-store.ts';
import { DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import { eventBody } from '../../src/interface-adapters/amqp/event-json.ts';
import type { FakeCassandra } from './fake-cassandra.ts';
import type { Invariants } from './invariants.ts';

const pairs = [
  [0, 1],
  [1, 2],
  [0, 2],
] as const;

/** Every pair of replicas tells the whole story, to readers and to the next owner alike. */
export const readBack = async (cassandra: FakeCassandra, invariants: Invariants): Promise<void> => {
  for (const pair of pairs) {
    const client = cassandra.reader(pair);
    const data = new DataAccess(client);
    const store = new CassandraChatStore(client, data, undefined as never);
    const reader = new CassandraChatReader(data);
    for (const [id, log] of invariants.log) {
      const chat = chatId(id);
      try {
        const { nextRev } = (await store.open(chat))?.state ?? {};
        if (nextRev !== log.length + 1)
          invariants.found('I6', `replicas ${pair} open it at rev ${nextRev}, not ${log.length + 1}`, id);
        const expected = log.flatMap((entry) => (entry.type === 'message.posted' ? [eventBody(entry)] : []));
        const found: string[] = [];
        for (let after = 0; after < expected.length; after += 50) {
          const page = await reader.page({ chatId: chat, limit: 50, anchor: { at: 'after', seq: seq(after) } });
          for (const item of page?.items.toReversed() ?? []) found.push(eventBody(item));
        }
        const differs = expected.findIndex((body, index) => body !== found[index]);
        if (differs >= 0 || found.length !== expected.length)
          invariants.found('I3', `the history at replicas ${pair} is another from seq ${differs + 1} on`, id);
      } catch (error) {
        invariants.found('I6', `replicas ${pair} cannot be read: ${error}`, id);
      }
    }
  }
};
