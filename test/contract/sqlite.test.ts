import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteCell } from '../../src/infrastructure/sqlite/sqlite-cell.ts';
import { randomChatId, type StartCell } from '../support/cell-harness.ts';
import { cellContract } from './cell.contract.ts';

const start: StartCell = async () => {
  const dataDir = await mkdtemp(join(tmpdir(), 'chat-messaging-'));
  const { reader, personal, catalogue, ownership, close } = openSqliteCell({ dataDir });
  return {
    reader,
    personal,
    catalogue,
    begin: () => ownership.begin(),
    lose: (session) => ownership.lose(session),
    damage: (chatId, at) => {
      const other = new DatabaseSync(join(dataDir, 'chats.sqlite'));
      other.prepare('DELETE FROM messages WHERE chat_id = ? AND seq = ?').run(chatId, at);
      other.close();
    },
    newChatId: randomChatId,
    close: async () => {
      await close();
      await rm(dataDir, { recursive: true });
    },
  };
};

cellContract('SQLite', start);
