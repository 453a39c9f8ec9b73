import type { EventLane, EventPublisher } from '../../src/application/ports/event-publisher.ts';
import type { Ownership, Tenure } from '../../src/application/ports/ownership.ts';
import type { CassandraClient } from '../../src/infrastructure/cassandra/client.ts';
import type { DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import { decodeGroup, encodeGroup } from '../../src/infrastructure/cassandra/journal-payload.ts';
import { journalQueries } from '../../src/infrastructure/cassandra/journal-statements.ts';
import { projectionOf } from '../../src/infrastructure/cassandra/projection.ts';
import { batchesOf } from '../../src/infrastructure/cassandra/projector.ts';
import { shardQueries } from '../../src/infrastructure/cassandra/session-tables.ts';

/** What the service would do without one of its rules. The product has no switch for these: the fakes and the wrappers below
 *  break the rule around it. `by` are the invariants that may report it; `seeds` how many seeds are enough to see it. */
export const variants = {
  'ack-before-confirm': { by: ['I6'], seeds: 5 },
  'projection-before-journal': { by: ['I2'], seeds: 5 },
  'no-state-condition': { by: ['I3', 'I4', 'I5'], seeds: 100 },
  'no-replay': { by: ['I1', 'I3', 'I4', 'I5'], seeds: 100 },
  'journal-read-before-fence': { by: ['I1', 'I3', 'I4', 'I5'], seeds: 400 },
  'epoch-not-raised': { by: ['I5'], seeds: 20 },
  'local-one': { by: ['I6'], seeds: 20 },
  'wall-clock-timestamps': { by: ['I2', 'I3', 'I4', 'I6', 'I9'], seeds: 200 },
  'nack-requeue': { by: ['I3'], seeds: 50 },
  'only-unconfirmed-again': { by: ['I1'], seeds: 100 },
  'append-again-with-more': { by: ['I2', 'I3', 'I4', 'I6'], seeds: 100 },
  'release-with-undone': { by: ['I1', 'I3', 'I4', 'I5'], seeds: 300 },
  'done-before-confirm': { by: ['I1'], seeds: 50 },
} as const satisfies Record<string, { by: readonly string[]; seeds: number }>;

export type Variant = keyof typeof variants | 'none';

/** Acks as soon as the event is handed over. */
export const ackBeforeConfirm = (publisher: EventPublisher): EventPublisher => ({
  lane: (shard): EventLane => {
    const lane = publisher.lane(shard);
    let open = true;
    return {
      publish: (announcement, onConfirmed) => {
        lane.publish(announcement, () => {});
        setImmediate(() => open && onConfirmed());
      },
      close: () => {
        open = false;
        lane.close();
      },
    };
  },
});

type Ledger = Pick<CassandraClient, 'execute'>;
type Execute = (query: string, params: unknown[]) => Promise<{ first(): Record<string, unknown> }>;

/** Writes the tables of a group before its append is sent. */
export const projectFirst = (ledger: Ledger, data: DataAccess): CassandraClient => {
  const execute: Execute = (query, params) => {
    if (query === journalQueries.append) {
      for (const decision of decodeGroup(params[3] as Buffer))
        for (const batch of batchesOf(projectionOf(decision).content))
          if (batch.length > 0) data.write(batch, () => {});
    }
    return (ledger.execute as unknown as Execute)(query, params);
  };
  return { execute } as unknown as CassandraClient;
};

/** Sends the first decision of a group, loses the answer, and is asked for the same append again: with all of them. */
export const appendAgainWithMore = (ledger: Ledger): CassandraClient => {
  const execute: Execute = async (query, params) => {
    const send = ledger.execute as unknown as Execute;
    if (query !== journalQueries.append || Math.random() < 0.7) return send(query, params);
    const [first, ...more] = decodeGroup(params[3] as Buffer);
    if (first === undefined || more.length === 0) return send(query, params);
    await send(query, params.with(3, encodeGroup([JSON.stringify(first)])));
    throw new Error('simulated: the answer is lost');
  };
  return { execute } as unknown as CassandraClient;
};

/** Frees the shards of a session that ends, whatever is undone. */
export const releaseUndone = (ownership: Ownership, ledger: Ledger): Ownership => ({
  shardCount: ownership.shardCount,
  begin: async () => {
    const session = await ownership.begin();
    const tenures: Tenure[] = [];
    const [take, end] = [session.take.bind(session), session.end.bind(session)];
    session.take = async (shard, announce) => {
      const tenure = await take(shard, announce);
      if (tenure !== undefined) tenures.push(tenure);
      return tenure;
    };
    session.end = async () => {
      const free = ({ shard, epoch }: Tenure) => ledger.execute(shardQueries.free, [shard, session.id, epoch]);
      await Promise.allSettled(tenures.map(free));
      await end();
    };
    return session;
  },
  close: () => ownership.close(),
});

/** Says with every append and beat that everything before it is done. */
export const doneTooEarly = (ledger: Ledger): CassandraClient => {
  const execute: Execute = (query, params) => {
    if (query === journalQueries.append)
      return (ledger.execute as unknown as Execute)(query, params.with(1, (params[0] as number) - 2));
    if (query === journalQueries.beat)
      return (ledger.execute as unknown as Execute)(query, params.with(1, (params[4] as number) - 1));
    return (ledger.execute as unknown as Execute)(query, params);
  };
  return { execute } as unknown as CassandraClient;
};

/** What a taker reads of a fallen session's row: nothing to replay ('no-replay'), or the row as it was before the fence. */
export const falseReplay = (client: CassandraClient, variant: Variant): CassandraClient => {
  const before = new Map<string, unknown>();
  const execute = async (query: string, params: unknown[]) => {
    const answer = await (
      client.execute as unknown as (query: string, params: unknown[]) => Promise<{ rows: Record<string, unknown>[] }>
    )(query, params);
    const row = answer.rows[0];
    if (query !== journalQueries.session || row === undefined) return answer;
    const session = params[0] as string;
    if (variant === 'no-replay') row.done_pos = (row.next_pos as number) - 1;
    else if (row.state === 'fenced' && before.has(session)) row.next_pos = before.get(session);
    else if (row.state === 'open') before.set(session, row.next_pos);
    return answer;
  };
  return { execute, batch: client.batch } as unknown as CassandraClient;
};
