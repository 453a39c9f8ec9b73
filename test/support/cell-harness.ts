import { randomBytes } from 'node:crypto';
import type { Decision } from '../../src/application/decision.ts';
import type { ChatCatalogue } from '../../src/application/ports/chat-catalogue.ts';
import type { ChatReader } from '../../src/application/ports/chat-reader.ts';
import type { ChatStore } from '../../src/application/ports/chat-store.ts';
import type { Session, Tenure } from '../../src/application/ports/ownership.ts';
import type { PersonalStore } from '../../src/application/ports/personal-store.ts';
import { type ChatId, chatId, type Seq } from '../../src/domain/ids.ts';
import { ChatWriter, type Numbering, numbering } from './decisions.ts';

/** One cell, as the contract suites drive it. Its tables may hold the chats of other tests. */
export type CellHarness = {
  begin(): Promise<Session>;
  readonly reader: ChatReader;
  readonly personal: PersonalStore;
  readonly catalogue: ChatCatalogue;
  /** An id that no other test has. */
  newChatId(): ChatId;
  close(): Promise<void>;
  /** Fences a session behind its back. Tests of lost sessions are skipped where this is left out. */
  lose?(session: Session): void | Promise<void>;
  /** Takes one message's row out of the store behind its back. Tests of damage are skipped where this is left out. */
  damage?(chatId: ChatId, at: Seq): void | Promise<void>;
};

export type StartCell = () => Promise<CellHarness>;

/** Real servers may be slow; nothing here is measured. */
export const patient = { timeout: 120_000 };

export const randomChatId = (): ChatId => chatId(`t-${randomBytes(12).toString('hex')}`);

/** For `take`: the tests that call it have no use for what a former owner had left undone. */
export const announceNothing = async (): Promise<void> => {};

/** Takes some shard that nobody lives on. */
export const takeAnyShard = async (session: Session): Promise<Tenure> => {
  for (;;) {
    const { shards } = await session.view();
    for (const { shard, owner } of shards) {
      const tenure = owner === 'living' ? undefined : await session.take(shard, announceNothing);
      if (tenure !== undefined) return tenure;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
};

/** A session that holds one shard, and writes chats as its owner would. */
export type WritingSession = {
  readonly session: Session;
  readonly store: ChatStore;
  readonly tenure: Tenure;
  readonly numbers: Numbering;
  writer(): ChatWriter;
  /** Commits in groups of a turn's size, and counts every event as confirmed. */
  write(decisions: readonly Decision[]): Promise<void>;
  end(): Promise<void>;
};

export const beginWriting = async (cell: CellHarness): Promise<WritingSession> => {
  const session = await cell.begin();
  const { store } = session;
  const tenure = await takeAnyShard(session);
  const numbers = numbering(tenure);
  return {
    session,
    store,
    tenure,
    numbers,
    writer: () => new ChatWriter(cell.newChatId(), numbers),
    write: async (decisions) => {
      const commits: Promise<void>[] = [];
      for (let from = 0; from < decisions.length; from += 64)
        commits.push(store.commit(decisions.slice(from, from + 64)));
      await Promise.all(commits);
      store.announced(decisions);
    },
    end: async () => {
      await session.release(tenure);
      await session.end();
    },
  };
};
