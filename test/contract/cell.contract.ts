import type { StartCell } from '../support/cell-harness.ts';
import { chatCatalogueContract } from './chat-catalogue.contract.ts';
import { chatListContract } from './chat-list.contract.ts';
import { chatReaderContract } from './chat-reader.contract.ts';
import { chatStoreContract } from './chat-store.contract.ts';
import { entriesContract } from './entries.contract.ts';
import { logContract } from './log.contract.ts';
import { ownershipContract } from './ownership.contract.ts';
import { pagingContract } from './paging.contract.ts';
import { personalStoreContract } from './personal-store.contract.ts';
import { randomChatsContract } from './random-chats.contract.ts';
import { trimmingContract } from './trimming.contract.ts';

/** Everything that an adapter of the store has to pass. `randomChats`: how many are made up; each is read as a whole, again and again. */
export const cellContract = (name: string, start: StartCell, { randomChats = 40 } = {}): void => {
  chatStoreContract(name, start);
  entriesContract(name, start);
  trimmingContract(name, start);
  chatReaderContract(name, start);
  logContract(name, start);
  chatCatalogueContract(name, start);
  chatListContract(name, start);
  personalStoreContract(name, start);
  randomChatsContract(name, start, randomChats);
  pagingContract(name, start);
  ownershipContract(name, start);
};
