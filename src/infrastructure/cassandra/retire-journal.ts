import type { Clock } from '../../application/ports/system.ts';
import type { CassandraClient } from './client.ts';
import { isApplied, untilAnswered } from './conditional.ts';
import type { DataAccess } from './data-access.ts';
import { journalQueries } from './journal-statements.ts';

/** Above the ballot of every conditional statement that may still be on its way. */
const anHourMicros = 3600 * 1_000_000;

/** Frees the slots of a fenced session that no shard names any more: up to 64 MB for every start of a process. The static row stays,
 *  and says first that nothing is undone: a shard's row may name the session late (a stray take), and then nothing is to be
 *  replayed. It is the one plain write to this table, and only to slots that nobody writes again (ADR-002). */
export const retireJournal = async (
  { ledger, data, clock }: { ledger: Pick<CassandraClient, 'execute'>; data: DataAccess; clock: Clock },
  session: string,
  nextPos: number,
  signal: AbortSignal,
): Promise<void> => {
  const finish = { query: journalQueries.finish, params: [nextPos - 1, session, nextPos] };
  const row = await untilAnswered(ledger, finish, clock, signal);
  if (!isApplied(row)) return;
  const params = [clock.now() + anHourMicros, session];
  await new Promise<void>((resolve, reject) =>
    data.write([{ query: journalQueries.clear, params }], (error) => (error === undefined ? resolve() : reject(error))),
  );
};
