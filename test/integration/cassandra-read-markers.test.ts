import { afterAll, beforeAll, expect, it } from 'vitest';
import { chatId, seq, userId } from '../../src/domain/ids.ts';
import { CassandraPersonalStore } from '../../src/infrastructure/cassandra/cassandra-personal-store.ts';
import { type CassandraClient, connectData } from '../../src/infrastructure/cassandra/client.ts';
import { type BoundStatement, DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import { readMarker } from '../../src/infrastructure/cassandra/read-markers.ts';
import { endpoint, TestKeyspace } from '../support/cassandra-cell.ts';
import { patient } from '../support/cell-harness.ts';

const [chat, me] = [chatId('c'), userId('1')];

let keyspace: TestKeyspace;
let client: CassandraClient;
beforeAll(async () => {
  keyspace = await new TestKeyspace().create();
  client = await connectData(endpoint(keyspace.name));
}, patient.timeout);
afterAll(async () => {
  await client?.shutdown();
  await keyspace?.drop();
}, patient.timeout);

it('keeps a mark that is made while an older one is being taken away', patient, async () => {
  const data = new DataAccess(client);
  const personal = new CassandraPersonalStore(data);
  await personal.markUnread(chat, me, seq(2));
  let between: (() => Promise<void>) | undefined = () => personal.markUnread(chat, me, seq(3));
  const slow = new CassandraPersonalStore({
    row: (query, params) => data.row(query, params),
    rows: (query, params) => data.rows(query, params),
    put: async (statement: BoundStatement) => {
      if (statement.query.includes('unread_from')) {
        await between?.();
        between = undefined;
      }
      await data.put(statement);
    },
  });
  await slow.markRead(chat, me, seq(5));
  expect(between).toBeUndefined();
  expect(await readMarker(data, chat, me)).toEqual({ readSeq: 5, unreadFrom: 3 });
  await personal.markRead(chat, me, seq(5));
  expect(await readMarker(data, chat, me)).toEqual({ readSeq: 5, unreadFrom: null });
  await personal.markUnread(chat, me, seq(1));
  expect(await readMarker(data, chat, me)).toEqual({ readSeq: 5, unreadFrom: 1 });
});
