import { readHistory } from '../../src/application/use-cases/read-history.ts';
import { chatId, userId } from '../../src/domain/ids.ts';
import { CassandraChatReader } from '../../src/infrastructure/cassandra/cassandra-chat-reader.ts';
import type { CassandraClient } from '../../src/infrastructure/cassandra/client.ts';
import { DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import { SystemClock } from '../../src/infrastructure/system/system-clock.ts';

/** The same client, and how often it was asked. */
export const counting = (client: CassandraClient) => {
  const asked = { queries: 0 };
  const counted = new Proxy(client, {
    get: (target, name) => {
      if (name !== 'execute') return Reflect.get(target, name);
      return (...args: Parameters<CassandraClient['execute']>) => {
        asked.queries++;
        return target.execute(...args);
      };
    },
  });
  return { counted, asked };
};

/** Queries for the newest page of one chat, asked for by so many at once. */
export const queriesFor = async (
  client: CassandraClient,
  chat: string,
  user: string,
  count: number,
): Promise<number> => {
  const { counted, asked } = counting(client);
  const read = readHistory({
    reader: new CassandraChatReader(new DataAccess(counted)),
    policy: { decide: async (requests) => requests.map(() => ({ effect: 'permit' })) },
    clock: new SystemClock(),
  });
  const request = { userId: userId(user), chatId: chatId(chat) };
  const where = { anchor: { at: 'newest' }, limit: 50 } as const;
  const found = await Promise.all(Array.from({ length: count }, () => read(request, where)));
  if (found.some((one) => one.kind !== 'ok' || one.page.items.length !== 50))
    throw new Error('a page was not answered');
  return asked.queries;
};
