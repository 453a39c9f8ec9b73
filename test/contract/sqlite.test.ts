import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteCell } from '../../src/infrastructure/sqlite/sqlite-cell.ts';
import { randomChatId, type StartCell } from '../support/cell-harness.ts';
import { chatReaderContract } from './chat-reader.contract.ts';
import { chatStoreContract } from './chat-store.contract.ts';
import { ownershipContract } from './ownership.contract.ts';

const start: StartCell = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'chat-messaging-'));
  const { reader, ownership, close } = openSqliteCell({ dataDir });
  return {
    reader,
    begin: () => ownership.begin(),
    lose: (session) => ownership.lose(session),
    newChatId: randomChatId,
    close: async () => {
      await close();
      await rm(dataDir, { recursive: true });
    },
  };
};

chatStoreContract('SQLite', start);
chatReaderContract('SQLite', start);
ownershipContract('SQLite', start);
