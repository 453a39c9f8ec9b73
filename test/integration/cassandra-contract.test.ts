import { afterAll, beforeAll } from 'vitest';
import { chatReaderContract } from '../contract/chat-reader.contract.ts';
import { chatStoreContract } from '../contract/chat-store.contract.ts';
import { ownershipContract } from '../contract/ownership.contract.ts';
import { TestKeyspace } from '../support/cassandra-cell.ts';
import { patient, randomChatId, type StartCell } from '../support/cell-harness.ts';

let keyspace: TestKeyspace;

beforeAll(async () => {
  keyspace = await new TestKeyspace().create();
}, patient.timeout);
afterAll(() => keyspace.drop(), patient.timeout);

const start: StartCell = async () => {
  const { reader, ownership, close } = await keyspace.open();
  return {
    reader,
    begin: () => ownership.begin(),
    lose: (session) => keyspace.fence(session.id),
    newChatId: randomChatId,
    close,
  };
};

chatStoreContract('Cassandra', start);
chatReaderContract('Cassandra', start);
ownershipContract('Cassandra', start);
