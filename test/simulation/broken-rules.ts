import { isEntry } from '../../src/application/decision.ts';
import type { EventLane, EventPublisher } from '../../src/application/ports/event-publisher.ts';
import type { Ownership, Session, Tenure } from '../../src/application/ports/ownership.ts';
import type { PolicyDecisionPoint } from '../../src/application/ports/policy-decision-point.ts';
import type { Clock } from '../../src/application/ports/system.ts';
import type { AccessDecision } from '../../src/domain/access/access-request.ts';
import type { CassandraClient } from '../../src/infrastructure/cassandra/client.ts';
import type { BoundStatement, DataAccess } from '../../src/infrastructure/cassandra/data-access.ts';
import type { FallenSessions } from '../../src/infrastructure/cassandra/fallen-sessions.ts';
import { decodeGroup, encodeGroup, journalJson } from '../../src/infrastructure/cassandra/journal-payload.ts';
import { journalQueries } from '../../src/infrastructure/cassandra/journal-statements.ts';
import { projectionOf } from '../../src/infrastructure/cassandra/projection.ts';
import { projectionQueries } from '../../src/infrastructure/cassandra/projection-queries.ts';
import { batchesOf } from '../../src/infrastructure/cassandra/projector.ts';
import { readShard, shardQueries } from '../../src/infrastructure/cassandra/session-tables.ts';
import { erasedEntry } from '../../src/infrastructure/store-kit/erased-entry.ts';

import type { Variant } from './variants.ts';

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

/** Does not wait for the policy longer than a second, nor ask again. */
export const impatientPolicy = (
  policy: PolicyDecisionPoint,
  clock: Clock,
  instead: AccessDecision,
): PolicyDecisionPoint => ({
  decide: (requests) => {
    const without = () => requests.map(() => instead);
    return Promise.race([policy.decide(requests).catch(without), clock.sleep(1_000).then(without)]);
  },
});

/** Breaks a session of its own kind as soon as it begins. */
const eachSession = (ownership: Ownership, change: (session: Session) => void): Ownership => ({
  shardCount: ownership.shardCount,
  begin: async () => {
    const session = await ownership.begin();
    change(session);
    return session;
  },
  close: () => ownership.close(),
});

/** Announces what is decided while it is on its way into the journal. */
export const publishFirst = (ownership: Ownership): Ownership =>
  eachSession(ownership, ({ store }) => {
    const commit = store.commit.bind(store);
    store.commit = async (decisions) => void commit(decisions).catch(() => {});
  });

/** An event that goes out again says when that was. */
export const rewordAgain = (publisher: EventPublisher, clock: Clock): EventPublisher => ({
  lane: (shard): EventLane => {
    const lane = publisher.lane(shard);
    return {
      publish: (announcement, onConfirmed) =>
        lane.publish(
          announcement.replayed
            ? { ...announcement, answer: { ...announcement.answer, at: clock.now() } }
            : announcement,
          onConfirmed,
        ),
      close: () => lane.close(),
    };
  },
});

/** An entry about a message goes out again without its text, though nobody has erased it. */
export const blankAgain = (publisher: EventPublisher): EventPublisher => ({
  lane: (shard): EventLane => {
    const lane = publisher.lane(shard);
    return {
      publish: (announcement, onConfirmed) => {
        const { answer, replayed } = announcement;
        const again = replayed && isEntry(answer) && 'seq' in answer ? erasedEntry(answer) : answer;
        lane.publish({ ...announcement, answer: again }, onConfirmed);
      },
      close: () => lane.close(),
    };
  },
});

/** What is written depends on who writes it. */
export const signBodies = (client: CassandraClient, name: string): CassandraClient => {
  const signed = (params: readonly unknown[]) =>
    params.map((param) => (typeof param === 'string' && param.startsWith('text of ') ? `${param}, ${name}` : param));
  const batch = (statements: readonly BoundStatement[]) =>
    client.batch(statements.map(({ query, params }) => ({ query, params: signed(params) })));
  const execute = (query: string, params: readonly unknown[]) => client.execute(query, signed(params));
  return { execute, batch } as unknown as CassandraClient;
};

/** The end of a log and the messages there come one after the other. */
export const headApart = (client: CassandraClient): CassandraClient => {
  const isHead = ({ query }: BoundStatement) => query === projectionQueries.head;
  const batch = async (statements: readonly BoundStatement[]) => {
    const [heads, others] = [statements.filter(isHead), statements.filter((one) => !isHead(one))];
    if (heads.length > 0 && others.length > 0) await client.batch([...heads]);
    return client.batch(others.length > 0 ? others : heads);
  };
  return { execute: client.execute, batch } as unknown as CassandraClient;
};

/** Believes what it has read of a chat although the session may be fenced. */
export const neverConfirm = (ownership: Ownership): Ownership =>
  eachSession(ownership, ({ store }) => {
    store.confirmOwnership = async () => {};
  });

/** Decides about messages without what their reader has reacted before. */
export const forgetReactions = (ownership: Ownership): Ownership =>
  eachSession(ownership, ({ store }) => {
    const target = store.target.bind(store);
    store.target = async (...message) => {
      const found = await target(...message);
      return found && { ...found, own: [] };
    };
  });

/** Reads the journal of the fallen owner, takes its shard, and only then writes and announces what it had left undone. The product
 *  itself is made to see nothing undone ('falseReplay'). */
export const replayAfterCas = (ownership: Ownership, fallen: FallenSessions, data: DataAccess): Ownership =>
  eachSession(ownership, (session) => {
    const take = session.take.bind(session);
    session.take = async (shard, announce) => {
      const row = await readShard(data, shard);
      const owner = row?.owner ?? '';
      const seen = owner === '' || owner === session.id ? undefined : await fallen.read(owner);
      const left = seen && (await fallen.fence(owner, seen, AbortSignal.timeout(60_000)));
      if (left === 'alive') return undefined;
      const tenure = await take(shard, announce);
      const undone = left?.get(shard) ?? [];
      if (tenure === undefined || undone.length === 0) return tenure;
      for (const decision of undone)
        for (const { query, params } of [projectionOf(decision)].flatMap(({ content, index }) => [
          ...content,
          ...index,
        ]))
          await writtenAtLast(data, { query: projectionQueries[query], params });
      await announce(undone, seen!.instance);
      return tenure;
    };
  });

const writtenAtLast = async (data: DataAccess, statement: BoundStatement): Promise<void> => {
  const write = () => new Promise<unknown>((resolve) => data.write([statement], resolve));
  while ((await write()) !== undefined);
};

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
    await send(query, params.with(3, encodeGroup([journalJson(first)])));
    throw new Error('simulated: the answer is lost');
  };
  return { execute } as unknown as CassandraClient;
};

/** Frees the shards of a session that ends, whatever is undone. */
export const releaseUndone = (ownership: Ownership, ledger: Ledger): Ownership =>
  eachSession(ownership, (session) => {
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

/** Leaves out of an append what earlier ones hold already: done_pos then passes what is nowhere any more. */
export const carryNothing = (ledger: Ledger): CassandraClient => {
  const first = new Map<string, unknown>();
  const execute: Execute = (query, params) => {
    const send = ledger.execute as unknown as Execute;
    if (query !== journalQueries.append) return send(query, params);
    const pos = params[2];
    const fresh = decodeGroup(params[3] as Buffer).filter(({ shard, epoch, n }) => {
      const time = `${shard}/${epoch}/${n}`;
      if (!first.has(time)) first.set(time, pos);
      return first.get(time) === pos;
    });
    return send(query, params.with(3, encodeGroup(fresh.map(journalJson))));
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
    if (variant !== 'journal-read-before-fence') row.done_pos = (row.next_pos as number) - 1;
    else if (row.state === 'fenced' && before.has(session)) row.next_pos = before.get(session);
    else if (row.state === 'open') before.set(session, row.next_pos);
    return answer;
  };
  return { execute, batch: client.batch } as unknown as CassandraClient;
};
