import { isDeepStrictEqual } from 'node:util';
import { isEntry } from '../../src/application/decision.ts';
import type { MessageView } from '../../src/application/ports/chat-reader.ts';
import type { Entry } from '../../src/domain/chat/entry.ts';
import { evolve } from '../../src/domain/chat/evolve.ts';
import { evolveMessage, posted } from '../../src/domain/chat/message-state.ts';
import { type ChatId, chatId, rev, seq } from '../../src/domain/ids.ts';
import { CassandraChatReader } from '../../src/infrastructure/cassandra/cassandra-chat-reader.ts';
import { CassandraChatStore } from '../../src/infrastructure/cassandra/cassandra-chat-store.ts';
import { DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import { erasedEntry } from '../../src/infrastructure/store-kit/erased-entry.ts';
import type { FakeCassandra } from './fake-cassandra.ts';
import type { Invariants } from './invariants.ts';

export const pairs = [
  [0, 1],
  [1, 2],
  [0, 2],
] as const;

/** Every pair of replicas tells the whole story, to readers and to the next owner alike. */
export const readBack = async (cassandra: FakeCassandra, invariants: Invariants): Promise<void> => {
  for (const pair of pairs) {
    const client = cassandra.reader(pair);
    const data = new DataAccess(client);
    const store = new CassandraChatStore(client, data, undefined as never);
    const reader = new CassandraChatReader(data);
    for (const [id, log] of invariants.log) {
      const chat = chatId(id);
      try {
        const entries = log.filter(isEntry);
        const state = (await store.open(chat))?.state;
        if (state?.nextRev !== log.length + 1)
          invariants.found('I6', `replicas ${pair} open it at rev ${state?.nextRev}, not ${log.length + 1}`, id);
        if (!isDeepStrictEqual(state, entries.reduce<ReturnType<typeof evolve> | undefined>(evolve, undefined)))
          invariants.found('I3', `replicas ${pair} open it with other settings or another roster`, id);
        const story = [
          ['history', messagesOf(entries), await history(reader, chat)],
          ['log', erasedIn(entries), await logOf(reader, chat)],
        ] as const;
        for (const [name, expected, found] of story) {
          const differs = expected.findIndex((one, index) => !isDeepStrictEqual(one, found[index]));
          if (differs >= 0 || found.length !== expected.length)
            invariants.found('I3', `the ${name} at replicas ${pair} is another from ${differs + 1} on`, id);
        }
      } catch (error) {
        invariants.found('I6', `replicas ${pair} cannot be read: ${error}`, id);
      }
    }
  }
};

/** What was erased is blank in the entries before, too. */
const erasedIn = (entries: readonly Entry[]): readonly Entry[] => {
  const erased = new Set(entries.flatMap((entry) => (entry.type === 'message.erased' ? entry.seqs : [])));
  return entries.map((entry) => ('seq' in entry && erased.has(entry.seq) ? erasedEntry(entry) : entry));
};

const messagesOf = (entries: readonly Entry[]): readonly MessageView[] =>
  entries
    .filter((entry) => entry.type === 'message.posted')
    .map((post) => ({
      ...entries.reduce(evolveMessage, posted(post)),
      chatId: post.chatId,
      recipients: post.recipients,
    }));

const history = async (reader: CassandraChatReader, chat: ChatId): Promise<readonly MessageView[]> => {
  const found: MessageView[] = [];
  for (;;) {
    const anchor = { at: 'after', seq: seq(found.length) } as const;
    const page = await reader.page({ chatId: chat, limit: 50, anchor, fromSeq: seq(1) });
    found.push(...(page?.items.toReversed() ?? []));
    if (!page?.hasNewer) return found;
  }
};

const logOf = async (reader: CassandraChatReader, chat: ChatId): Promise<readonly Entry[]> => {
  const found: Entry[] = [];
  let since = { rev: rev(0), seq: seq(0) };
  for (;;) {
    const page = await reader.changes(chat, since, 50);
    if (page === 'gone' || page === undefined) return found;
    found.push(...page.entries);
    since = page.next;
    if (!page.hasMore || page.entries.length === 0) return found;
  }
};
