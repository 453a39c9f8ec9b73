import type { Clock } from '../../application/ports/system.ts';
import { backoffMs } from './backoff.ts';
import type { CassandraClient, Row } from './client.ts';

/** The row that a conditional statement answers with: '[applied]' and, when false, the columns of its condition. */
export const isApplied = (row: Row): boolean => row['[applied]'] === true;

export type Conditional = { readonly query: string; readonly params: readonly unknown[] };

/** Sends a conditional statement until it answers. After a timeout nothing but the same statement tells what became of it: a serial
 *  read may say no and the statement apply afterwards (measured: 4 of 199). Rejects with the signal's reason, or with the
 *  last error when `giveUpAfterMs` has passed. */
export const untilAnswered = async (
  ledger: Pick<CassandraClient, 'execute'>,
  { query, params }: Conditional,
  clock: Clock,
  signal: AbortSignal,
  giveUpAfterMs = Number.POSITIVE_INFINITY,
): Promise<Row> => {
  const startedMs = clock.monotonicMs();
  for (let attempt = 0; ; attempt++) {
    signal.throwIfAborted();
    try {
      return (await ledger.execute(query, [...params])).first();
    } catch (error) {
      if (clock.monotonicMs() - startedMs >= giveUpAfterMs) throw error;
    }
    await clock.sleep(backoffMs(attempt), signal);
  }
};
