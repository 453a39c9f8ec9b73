import { afterAll, beforeAll } from 'vitest';
import { cellContract } from '../contract/cell.contract.ts';
import { TestKeyspace } from '../support/cassandra-cell.ts';
import { patient, randomChatId, type StartCell } from '../support/cell-harness.ts';

let keyspace: TestKeyspace;

beforeAll(async () => {
  keyspace = await new TestKeyspace().create();
}, patient.timeout);
afterAll(() => keyspace.drop(), patient.timeout);

const start: StartCell = async () => {
  const { reader, personal, catalogue, ownership, close } = await keyspace.open();
  return {
    reader,
    personal,
    catalogue,
    begin: () => ownership.begin(),
    lose: (session) => keyspace.fence(session.id),
    damage: (chatId, at) => keyspace.removeMessage(chatId, at),
    newChatId: randomChatId,
    close,
  };
};

cellContract('Cassandra', start, { randomChats: 12 });
