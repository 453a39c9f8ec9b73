import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Decision } from '../../../src/application/decision.ts';
import { SessionLost } from '../../../src/application/ports/chat-store.ts';
import { noTelemetry } from '../../../src/application/ports/telemetry.ts';
import { chatId, shardNumber } from '../../../src/domain/ids.ts';
import { Committer } from '../../../src/infrastructure/cassandra/committer.ts';
import type { BoundStatement } from '../../../src/infrastructure/cassandra/data-access.ts';
import { decodeGroup } from '../../../src/infrastructure/cassandra/journal-payload.ts';
import { journalQueries, ringSlots } from '../../../src/infrastructure/cassandra/journal-statements.ts';
import { SystemClock } from '../../../src/infrastructure/system/system-clock.ts';
import { silentLogger } from '../../support/cassandra-cell.ts';
import { ChatWriter, numbering, withBody } from '../../support/decisions.ts';
import { until } from '../../support/until.ts';
import { FakeJournalRow } from './fake-journal-row.ts';

const sessionTimeoutMs = 400;

describe('Committer', () => {
  let row: FakeJournalRow;
  let tables: BoundStatement[][];
  let failing: (batch: readonly BoundStatement[]) => boolean;
  let alarms: string[];
  let committer: Committer;
  let writer: ChatWriter;

  beforeEach(() => {
    row = new FakeJournalRow();
    tables = [];
    failing = () => false;
    alarms = [];
    committer = new Committer({
      session: 's',
      ledger: row as never,
      data: {
        write: (statements, done) => {
          const fails = failing(statements);
          if (!fails) tables.push([...statements]);
          setImmediate(done, fails ? new Error('no quorum') : undefined);
        },
      },
      clock: new SystemClock(),
      logger: { ...silentLogger, error: (fields) => alarms.push((fields as { alarm: string }).alarm) },
      sessionTimeoutMs,
      telemetry: noTelemetry,
    });
    writer = new ChatWriter(chatId('c'), numbering({ shard: shardNumber(0), epoch: 1 }));
  });
  afterEach(() => committer.journal.stop(new SessionLost('the test is over')));

  const journaled = (): Decision[] =>
    [...row.slots.values()].sort((a, b) => a.pos - b.pos).flatMap(({ payload }) => decodeGroup(payload));

  it('journals before it writes anything to the tables', async () => {
    row.fate = () => 'lost';
    const commit = committer.commit([writer.create()]);
    commit.catch(() => {});
    await until('three tries', () => row.calls.length >= 3);
    expect(tables).toEqual([]);
    row.fate = () => 'answered';
    await commit;
    expect(tables.length).toBeGreaterThan(0);
  });

  it('lets go of what the journal holds before it writes to the tables', async () => {
    const sizes: number[] = [];
    const { add } = committer.journal;
    committer.journal.add = (pending) => {
      failing = () => {
        sizes.push(...pending.map(({ json }) => json.byteLength));
        return false;
      };
      add.call(committer.journal, pending);
    };
    await committer.commit([writer.create()]);
    expect(new Set(sizes)).toEqual(new Set([0]));
  });

  it('takes everything that was decided meanwhile into the next append', async () => {
    const first = committer.commit([writer.create()]);
    await until('the first is sent', () => row.calls.length === 1);
    const others = writer.posts(30).map((decision) => committer.commit([decision]));
    await Promise.all([first, ...others]);
    expect(row.appends).toHaveLength(2);
    expect(journaled()).toHaveLength(31);
  });

  it('sends the same bytes again, never more, until an answer comes', async () => {
    let losses = 3;
    row.fate = () => (losses-- > 0 ? 'lost' : 'answered');
    const first = committer.commit([writer.create()]);
    await until('the first is sent', () => row.calls.length === 1);
    const second = committer.commit([writer.post()]);
    await Promise.all([first, second]);
    const [original, ...repeats] = row.appends.slice(0, 4);
    for (const repeat of repeats) expect(repeat.params).toEqual(original!.params);
    expect(row.nextPos).toBe(2);
  });

  it('goes on when a repeat is not applied because the original was', async () => {
    let losses = 1;
    row.fate = () => (losses-- > 0 ? 'answer lost' : 'answered');
    await committer.commit([writer.create()]);
    await committer.commit([writer.post()]);
    expect(row.nextPos).toBe(2);
    expect(journaled()).toEqual(expect.arrayContaining([expect.objectContaining({ n: 2 })]));
    expect(row.appends).toHaveLength(3);
  });

  it('is lost when it was fenced, though its append had been applied, and writes nothing', async () => {
    row.fate = () => {
      if (row.state === 'fenced') return 'answered';
      queueMicrotask(() => {
        row.state = 'fenced';
      });
      return 'answer lost';
    };
    await expect(committer.commit([writer.create()])).rejects.toBeInstanceOf(SessionLost);
    expect(row.nextPos).toBe(1);
    expect(tables).toEqual([]);
    expect((await committer.lost).message).toContain('fenced');
    expect(alarms).toEqual([]);
  });

  it('is lost, with an alarm, when the journal is not as it left it', async () => {
    await committer.commit([writer.create()]);
    row.nextPos = 7;
    await expect(committer.commit([writer.post()])).rejects.toBeInstanceOf(SessionLost);
    expect(alarms).toEqual(['journal_diverged']);
  });

  it('is lost when nothing was answered for the session timeout', async () => {
    row.fate = () => 'lost';
    await expect(committer.commit([writer.create()])).rejects.toBeInstanceOf(SessionLost);
    const sent = row.calls.length;
    await expect(committer.commit([writer.post()])).rejects.toBeInstanceOf(SessionLost);
    await expect(committer.journal.confirm()).rejects.toBeInstanceOf(SessionLost);
    expect(row.calls).toHaveLength(sent);
  });

  it('confirms ownership only by a statement sent after the question', async () => {
    const commit = committer.commit([writer.create()]);
    await until('the append is sent', () => row.calls.length === 1);
    const confirmed = committer.journal.confirm();
    await Promise.all([commit, confirmed]);
    expect(row.calls.map(({ query }) => query)).toEqual([journalQueries.append, journalQueries.beat]);
  });

  it('answers many questions of ownership with one beat', async () => {
    await Promise.all(Array.from({ length: 20 }, () => committer.journal.confirm()));
    expect(row.calls).toHaveLength(1);
  });

  it('cannot have done_pos moved back by a late copy of a beat', async () => {
    let losses = 1;
    row.fate = () => (losses-- > 0 ? 'lost' : 'answered');
    await committer.journal.confirm();
    const stray = row.calls[0]!;
    const create = writer.create();
    await committer.commit([create]);
    committer.journal.announced([create]);
    await committer.journal.confirm();
    expect(row.donePos).toBe(0);
    row.apply(stray);
    expect(row.donePos).toBe(0);
  });

  it('moves done_pos up to the first group with something unannounced', async () => {
    const decisions = [writer.create(), ...writer.posts(4)];
    for (const decision of decisions) await committer.commit([decision]);
    committer.journal.announced([decisions[0]!, decisions[1]!, decisions[3]!]);
    await committer.journal.confirm();
    expect(row.donePos).toBe(1);
    committer.journal.announced([decisions[2]!]);
    await committer.journal.confirm();
    expect(row.donePos).toBe(3);
  });

  it('waits when 250 groups are open that do not fit into fewer, and goes on when they are announced', async () => {
    const decisions = [writer.create(), ...writer.posts(250).map((post) => withBody(post, 'x'.repeat(140_000)))];
    for (const decision of decisions.slice(0, 250)) await committer.commit([decision]);
    const waiting = committer.commit([decisions[250]!]);
    await committer.journal.confirm();
    expect(row.appends).toHaveLength(250);
    committer.journal.announced(decisions.slice(0, 1));
    await waiting;
    expect(row.appends).toHaveLength(251);
  });

  it('uses a slot again only when its group is done', async () => {
    const decisions = [writer.create(), ...writer.posts(2 * ringSlots + 40)];
    for (const decision of decisions) {
      await committer.commit([decision]);
      committer.journal.announced([decision]);
      for (let pos = row.donePos + 1; pos < row.nextPos; pos++) expect(row.slots.get(pos % ringSlots)?.pos).toBe(pos);
    }
    expect(row.nextPos).toBe(decisions.length);
  });

  it('writes the decisions of a chat one group after the other', async () => {
    failing = (batch) => batch.some(({ query }) => query.includes('INTO changes'));
    const first = committer.commit([writer.create()]);
    await until('the first is journaled', () => row.nextPos === 1);
    const second = committer.commit([writer.post()]);
    await until('the second is journaled', () => row.nextPos === 2);
    await committer.journal.confirm();
    const posts = () => tables.filter((batch) => batch.some(({ query }) => query.includes('body')));
    expect(posts()).toEqual([]);
    failing = () => false;
    await Promise.all([first, second]);
    expect(posts()).toHaveLength(1);
  });

  it('writes what leads to a chat after the chat', async () => {
    await committer.commit([writer.create({ members: ['2', '3', '4'] })]);
    const settings = tables.findIndex((batch) => batch.some(({ query }) => query.includes('settings')));
    const content = tables.findLastIndex((batch) => batch.some(({ query }) => /role|next_seq|details/.test(query)));
    expect(settings).toBeGreaterThan(content);
  });

  it('journals nothing of a commit in which one decision is too big', async () => {
    const create = writer.create();
    const tooBig = withBody(writer.post(), 'x'.repeat(1_100_000));
    expect(() => committer.commit([create, tooBig])).toThrow(RangeError);
    await committer.journal.confirm();
    expect(row.appends).toEqual([]);
  });

  it('journals nothing of a commit in which one decision cannot be projected', async () => {
    const decisions = [writer.create(), writer.post(), writer.post()];
    const edit = writer.edit(1, 'better');
    const lost = structuredClone(edit) as { outcome: { placement: { targets: unknown } } };
    lost.outcome.placement.targets = null;
    expect(() => committer.commit([...decisions, lost as unknown as Decision])).toThrow();
    await committer.journal.confirm();
    expect(row.appends).toEqual([]);
    await committer.commit([...decisions, edit]);
    expect(journaled()).toEqual([...decisions, edit]);
  });

  it('closes its session in the store when it ends', async () => {
    const create = writer.create();
    await committer.commit([create]);
    committer.journal.announced([create]);
    await committer.end();
    expect(row).toMatchObject({ state: 'fenced', donePos: 0 });
    await expect(committer.commit([writer.post()])).rejects.toBeInstanceOf(SessionLost);
  });

  it('counts as lost when it ends with something undone', async () => {
    await committer.commit([writer.create()]);
    await committer.end();
    expect(await committer.lost).toBeInstanceOf(SessionLost);
    expect(row).toMatchObject({ state: 'fenced', donePos: -1 });
  });
});
