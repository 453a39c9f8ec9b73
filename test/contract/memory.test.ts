import { openMemoryCell } from '../../src/infrastructure/memory/memory-cell.ts';
import { randomChatId, type StartCell } from '../support/cell-harness.ts';
import { chatReaderContract } from './chat-reader.contract.ts';
import { chatStoreContract } from './chat-store.contract.ts';
import { ownershipContract } from './ownership.contract.ts';

const start: StartCell = async () => {
  const { reader, ownership } = openMemoryCell();
  return {
    reader,
    begin: () => ownership.begin(),
    lose: (session) => ownership.lose(session),
    newChatId: randomChatId,
    close: () => ownership.close(),
  };
};

chatStoreContract('memory', start);
chatReaderContract('memory', start);
ownershipContract('memory', start);
