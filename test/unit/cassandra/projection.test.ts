import { describe, expect, it } from 'vitest';
import type { Decision } from '../../../src/application/decision.ts';
import { chatId, shardNumber } from '../../../src/domain/ids.ts';
import { decodeGroup, encodeGroup, journalText } from '../../../src/infrastructure/cassandra/journal-payload.ts';
import { logicalTime } from '../../../src/infrastructure/cassandra/logical-time.ts';
import { projectionOf, projectionQueries } from '../../../src/infrastructure/cassandra/projection.ts';
import { batchesOf } from '../../../src/infrastructure/cassandra/projector.ts';
import { ChatWriter, numbering } from '../../support/decisions.ts';

const newWriter = () => new ChatWriter(chatId('c'), numbering({ shard: shardNumber(3), epoch: 5 }));

const manyDecisions = (): Decision[] => {
  const writer = newWriter();
  const decisions = [writer.create({ title: 'a title' }), ...writer.posts(70)];
  writer.rollBucket();
  decisions.push(...writer.posts(3, { sentAt: 'yesterday' }));
  decisions.push(writer.reject({ code: 'FORBIDDEN', reason: 'no' }));
  const untitled = new ChatWriter(chatId('d'), numbering({ shard: shardNumber(3), epoch: 5 }));
  decisions.push(untitled.create({ kind: 'direct', members: ['2'] }), untitled.post());
  const alone = new ChatWriter(chatId('e'), numbering({ shard: shardNumber(3), epoch: 5 }));
  decisions.push(alone.create({ members: Array.from({ length: 300 }, (_, i) => `u${i}`) }), alone.post());
  return decisions;
};

const statementsOf = (decision: Decision) => {
  const { content, index } = projectionOf(decision);
  return [...content, ...index];
};

const partitionOf = ({ query, params }: { query: string; params: readonly unknown[] }): string => {
  const table = /INTO (\w+)/.exec(query)![1]!;
  const keyColumns = ['messages', 'changes', 'entry_keys'].includes(table) ? 2 : 1;
  return [table, ...params.slice(0, keyColumns)].join(' ');
};

describe('a projection', () => {
  it('gives every statement the logical time of its decision', () => {
    for (const query of Object.values(projectionQueries)) expect(query).toMatch(/ USING TIMESTAMP \?$/);
    for (const decision of manyDecisions()) {
      for (const { query, params } of statementsOf(decision)) {
        expect(params.length, query).toBe(projectionQueries[query].split('?').length - 1);
        expect(String(params.at(-1))).toBe(String(2n ** 53n + 5n * 2n ** 42n + BigInt(decision.n)));
      }
    }
  });

  it('never binds a null', () => {
    for (const { query, params } of manyDecisions().flatMap(statementsOf)) {
      for (const param of params) expect(param ?? undefined, query).toBeDefined();
    }
  });

  it('uses every statement there is', () => {
    const used = new Set(
      manyDecisions()
        .flatMap(statementsOf)
        .map(({ query }) => query),
    );
    expect([...used].sort()).toEqual(Object.keys(projectionQueries).sort());
  });

  it('is one statement for a post', () => {
    const writer = newWriter();
    writer.create();
    expect(statementsOf(writer.post())).toHaveLength(1);
  });

  it('writes nothing of a rejected command', () => {
    expect(statementsOf(newWriter().reject({ code: 'FORBIDDEN', reason: 'no' }))).toEqual([]);
  });

  it('is the same when the decision comes from the journal', () => {
    const decisions = manyDecisions();
    const replayed = decodeGroup(encodeGroup(decisions.map(journalText)));
    expect(replayed).toEqual(decisions);
    expect(replayed.map(projectionOf)).toEqual(decisions.map(projectionOf));
  });

  it('batches statements of one partition only, in their order', () => {
    const statements = manyDecisions().flatMap(statementsOf);
    const batches = batchesOf(statements);
    expect(batches.flat()).toHaveLength(statements.length);
    for (const batch of batches) {
      expect(batch.length).toBeLessThanOrEqual(250);
      expect(new Set(batch.map(partitionOf)).size).toBe(1);
    }
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
