import type { Decision } from '../../../src/application/decision.ts';
import type { ShardNumber } from '../../../src/domain/ids.ts';
import { FallenSessions } from '../../../src/infrastructure/cassandra/fallen-sessions.ts';
import { journalQueries } from '../../../src/infrastructure/cassandra/journal-statements.ts';
import { SystemClock } from '../../../src/infrastructure/system/system-clock.ts';
import { silentLogger } from '../../support/cassandra-cell.ts';
import { FakeJournalRow } from './fake-journal-row.ts';

/** A journal as it is now; what becomes of the original later does not matter to it. */
export const copyOf = ({ state, nextPos, donePos, beat, slots }: FakeJournalRow): FakeJournalRow =>
  Object.assign(new FakeJournalRow(), { state, nextPos, donePos, beat, slots: new Map(slots) });

/** What the real taker would replay of the session: by shard, in order. */
export const undoneIn = async (row: FakeJournalRow): Promise<ReadonlyMap<ShardNumber, readonly Decision[]>> => {
  const data = {
    row: async (query: string, params: readonly unknown[]) =>
      query === journalQueries.session
        ? { state: row.state, next_pos: row.nextPos, done_pos: row.donePos, beat: row.beat, instance: 'fallen' }
        : row.slots.get(params[1] as number),
    write: (_: unknown, done: () => void) => done(),
  };
  const fallen = new FallenSessions(row as never, data as never, new SystemClock(), silentLogger);
  const undone = await fallen.fence('s', (await fallen.read('s'))!, new AbortController().signal);
  if (undone === 'alive') throw new Error('the copy of a journal has moved');
  return undone;
};
