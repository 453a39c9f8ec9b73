import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../src/application/decision.ts';
import type { Entry } from '../../../src/domain/chat/entry.ts';
import { micros } from '../../../src/domain/ids.ts';
import {
  decodeGroup,
  encodeGroup,
  journalJson,
  UnreadableJournal,
} from '../../../src/infrastructure/cassandra/journal-payload.ts';
import { logicalTime } from '../../../src/infrastructure/cassandra/logical-time.ts';
import { projectionOf, surelyProjects } from '../../../src/infrastructure/cassandra/projection.ts';
import { projectionQueries } from '../../../src/infrastructure/cassandra/projection-queries.ts';
import { batchesOf } from '../../../src/infrastructure/cassandra/projector.ts';
import { someExtras } from '../../support/decisions.ts';
import { manyDecisions, newWriter, people } from './many-decisions.ts';

const entriesOf = ({ outcome }: Decision): readonly Entry[] => (outcome.kind === 'accepted' ? outcome.entries : []);

const statementsOf = (decision: Decision) => {
  const { content, index } = projectionOf(decision);
  return [...content, ...index];
};

const textOf = (decision: Decision) =>
  statementsOf(decision).map(({ query, params }) => `${query} ${params.slice(0, -1).join(' | ')}`);

const twoKeyColumns = [
  'messages',
  'changes',
  'entry_keys',
  'message_versions',
  'reactions',
  'deletions',
  'hidden_messages',
];

const partitionOf = ({ query, params }: { query: string; params: readonly unknown[] }): string => {
  const table = /(?:INTO|FROM) (\w+)/.exec(query)![1]!;
  const from = query.startsWith('DELETE') ? 1 : 0;
  return [table, ...params.slice(from, from + (twoKeyColumns.includes(table) ? 2 : 1))].join(' ');
};

describe('a projection', () => {
  it('gives every statement the logical time of its decision', () => {
    for (const query of Object.values(projectionQueries))
      expect(query).toMatch(/^INSERT .* USING TIMESTAMP \?$|^DELETE FROM \w+ USING TIMESTAMP \? WHERE /s);
    for (const decision of manyDecisions()) {
      for (const { query, params } of statementsOf(decision)) {
        const text = projectionQueries[query];
        expect(params.length, query).toBe(text.split('?').length - 1);
        const time = text.startsWith('DELETE') ? params[0] : params.at(-1);
        expect(String(time)).toBe(String(2n ** 53n + 5n * 2n ** 42n + BigInt(decision.n)));
      }
    }
  });

  it('never binds a null', () => {
    for (const { query, params } of manyDecisions().flatMap(statementsOf)) {
      for (const param of params) expect(param ?? undefined, query).toBeDefined();
    }
  });

  it('knows every kind of entry, and uses every statement there is', () => {
    const decisions = manyDecisions();
    expect([...new Set(decisions.flatMap(entriesOf).map(({ type }) => type))].sort()).toEqual([
      'chat.created',
      'chat.trimmed',
      'chat.updated',
      'member.added',
      'member.muted',
      'member.removed',
      'member.role_set',
      'message.deleted',
      'message.edited',
      'message.erased',
      'message.posted',
      'reaction.added',
      'reaction.removed',
    ]);
    const used = new Set(decisions.flatMap(statementsOf).map(({ query }) => query));
    expect([...used].sort()).toEqual(Object.keys(projectionQueries).sort());
  });

  it('is one statement for a post, with or without extras', () => {
    const writer = newWriter();
    writer.create();
    writer.post();
    expect(statementsOf(writer.post())).toHaveLength(1);
    expect(statementsOf(writer.post({ extras: someExtras }))).toHaveLength(1);
  });

  it('may be made late of a post that is written in one statement, and of a rejection', () => {
    const decisions = manyDecisions();
    const late = decisions.filter(surelyProjects);
    expect(late.length).toBeGreaterThan(60);
    const plain = new Set(['', 'post']);
    const queriesOf = (decision: Decision) =>
      statementsOf(decision)
        .map(({ query }) => query)
        .join();
    for (const decision of late) expect(plain).toContain(queriesOf(decision));
    for (const decision of decisions) if (!late.includes(decision)) expect(plain).not.toContain(queriesOf(decision));
  });

  it('tells the lists of its members of a post once in a while', () => {
    const writer = newWriter();
    writer.create();
    expect(textOf(writer.post()).filter((text) => text.startsWith('activity'))).toHaveLength(3);
    const later = micros(entriesOf(writer.post())[0]!.at + 601_000_000);
    expect(textOf(writer.post({ at: later })).filter((text) => text.startsWith('activity'))).toHaveLength(3);
    const crowd = newWriter('e');
    crowd.create({ members: people(100) });
    expect(statementsOf(crowd.post())).toHaveLength(1);
  });

  it('writes what changes a message where the message lies, and the entry where the log goes on', () => {
    const writer = newWriter();
    writer.create();
    writer.posts(2);
    writer.rollBucket();
    writer.post();
    const partitions = (decision: Decision) =>
      statementsOf(decision).map((statement) =>
        partitionOf({ ...statement, query: projectionQueries[statement.query] }),
      );
    expect(partitions(writer.edit(2, 'x'))).toEqual([
      'changes c 1',
      'messages c 0',
      'message_versions c 0',
      'messages c 1',
    ]);
    expect(partitions(writer.react(3, 'x'))).toEqual(['changes c 1', 'messages c 1', 'reactions c 1', 'messages c 1']);
    expect(partitions(writer.deleteMessage(1))).toEqual([
      'changes c 1',
      'messages c 0',
      'deletions c 0',
      'messages c 1',
    ]);
  });

  it('keeps the text of an edit in one place, with its message', () => {
    const writer = newWriter();
    writer.create();
    writer.post({ extras: someExtras });
    const decisions = [writer.edit(1, 'secret'), writer.deleteMessage(1)];
    const changes = decisions.flatMap(textOf).filter((text) => text.startsWith('change'));
    expect(changes).toHaveLength(2);
    for (const text of changes) expect(text).not.toMatch(/secret|files\.example/);
  });

  it('blanks every text of an erased message', () => {
    const writer = newWriter();
    writer.create();
    writer.posts(2, { extras: someExtras });
    writer.edit(2, 'secret');
    writer.edit(2, 'more secret');
    const texts = textOf(writer.erase('1', [1, 2])).filter((text) => text.startsWith('erased'));
    expect(texts).toEqual([
      'erased c | 0 | 1 |  |  | {"kind":"erased","rev":6}',
      'erased c | 0 | 2 |  |  | {"kind":"erased","rev":6}',
      'erasedEdit c | 0 | 2 | ',
      'erasedVersion c | 0 | 2 | 2 | ',
      'erasedVersion c | 0 | 2 | 3 | ',
    ]);
  });

  it('drops the buckets that were not dropped before, when nobody finds them any more', () => {
    const writer = newWriter();
    writer.create();
    for (let bucket = 1; bucket <= 4; bucket++) {
      writer.post();
      writer.rollBucket();
    }
    writer.post();
    const dropped = (decision: Decision) => {
      const { content, index } = projectionOf(decision);
      expect(content.map(({ query }) => query)).toEqual(['change', 'firstKept', 'bucketsGone', 'head']);
      return index.filter(({ query }) => query === 'messagesGone').map(({ params }) => params[2]);
    };
    expect(dropped(writer.trim(2))).toEqual([0, 1]);
    expect(dropped(writer.trim(3))).toEqual([2]);
  });

  it('writes nothing of a rejected command', () => {
    expect(statementsOf(newWriter().reject({ code: 'FORBIDDEN', reason: 'no' }))).toEqual([]);
  });

  it('is the same when the decision comes from the journal', () => {
    const decisions = manyDecisions();
    for (const group of [decisions, ...decisions.map((decision) => [decision])]) {
      const replayed = decodeGroup(encodeGroup(group.map(journalJson)));
      expect(replayed).toEqual(group);
      expect(replayed.map(projectionOf)).toEqual(group.map(projectionOf));
    }
  });

  it('is read as zstd, whether it was worth compressing or not', () => {
    const json = journalJson(newWriter().create());
    for (const length of [0, 1, 100, 250, 253, 254, 255, 256, 1_000, 2_043, 2_044, 2_045, 3_000, 100_000])
      for (const character of ['x', 'é', '語', '👩']) {
        const padded = `{"v":1,"of":"${character.repeat(Math.ceil(length / Buffer.byteLength(character)))}"}`;
        expect(zstdDecompressSync(encodeGroup([Buffer.from(padded)])).toString()).toBe(`[${padded}]`);
      }
    expect(encodeGroup([json]).includes(json)).toBe(true);
    expect(encodeGroup(Array(50).fill(json)).byteLength).toBeLessThan(2_048);
  });

  it('is refused when the journal holds something else', () => {
    const frame = encodeGroup([journalJson(newWriter().create())]);
    const torn = [
      Buffer.alloc(0),
      Buffer.from('[]'),
      zstdCompressSync('[{'),
      frame.subarray(0, 200),
      frame.subarray(1),
    ];
    for (const payload of torn) expect(() => decodeGroup(payload)).toThrow(UnreadableJournal);
  });

  it('reads the decisions of the version before, which had posts and new chats only', () => {
    const writer = newWriter();
    const decisions = [writer.create(), writer.post()].map((decision) => {
      const old = structuredClone(decision) as { outcome: { placement: Record<string, unknown> } };
      for (const name of ['activeAt', 'targets', 'large', 'dropsFrom']) delete old.outcome.placement[name];
      return old as unknown as Decision;
    });
    expect(decisions.flatMap(statementsOf).map(({ query }) => query)).toContain('post');
  });

  it('batches statements of one partition only, in their order', () => {
    const statements = manyDecisions().flatMap(statementsOf);
    const batches = batchesOf(statements);
    expect(batches.flat()).toHaveLength(statements.length);
    for (const batch of batches) {
      const [partition, ...others] = new Set(batch.map(partitionOf));
      expect(others).toEqual([]);
      if (!partition!.startsWith('messages')) expect(batch.length).toBeLessThanOrEqual(250);
    }
  });

  it('never splits what is written to one bucket of messages: its head comes with all of them', () => {
    const writer = newWriter();
    const statements = [writer.create(), ...writer.posts(400)].flatMap(statementsOf);
    const batches = batchesOf(statements).filter((batch) => partitionOf(batch[0]!).startsWith('messages'));
    expect(batches).toHaveLength(1);
  });
});

describe('the logical time', () => {
  it('is 2^53 + epoch · 2^42 + n, in 64 bits', () => {
    for (const [epoch, n] of [
      [0, 1],
      [1, 2 ** 31],
      [77, 2 ** 32 - 1],
      [500_000, 2 ** 33 + 5],
    ] as const) {
      expect(logicalTime(epoch, n).toString()).toBe(String(2n ** 53n + BigInt(epoch) * 2n ** 42n + BigInt(n)));
    }
  });

  it('is later than any clock', () => {
    expect(logicalTime(0, 1).toNumber()).toBeGreaterThan(Date.UTC(2200, 0) * 1000);
  });
});
