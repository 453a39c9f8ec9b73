import { openMemoryCell } from '../../src/infrastructure/memory/memory-cell.ts';
import { randomChatId, type StartCell } from '../support/cell-harness.ts';
import { cellContract } from './cell.contract.ts';

const start: StartCell = async () => {
  const { database, reader, personal, catalogue, ownership } = openMemoryCell();
  return {
    reader,
    personal,
    catalogue,
    begin: () => ownership.begin(),
    lose: (session) => ownership.lose(session),
    damage: (chatId, at) => void database.chats.get(chatId)!.messages.delete(at),
    newChatId: randomChatId,
    close: () => ownership.close(),
  };
};

cellContract('memory', start);
