import { setImmediate as macrotask } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isEntry } from '../../src/application/decision.ts';
import { shardNumber } from '../../src/domain/ids.ts';
import { eventBody } from '../../src/interface-adapters/amqp/event-json.ts';
import { create, post } from '../support/commands.ts';
import { startTestCell } from '../support/test-cell.ts';
import { until } from '../support/until.ts';

const shard = shardNumber(0);
const chats = ['x', 'y'];

const move = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('put' as const),
      chat: fc.nat(1),
      id: fc.nat(5),
      body: fc.nat(1),
      sender: fc.constantFrom('1', '2', '9'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('create' as const), chat: fc.nat(1) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cut' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lose' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('acks' as const), lost: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('confirm' as const), count: fc.integer({ min: 1, max: 5 }) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('pause' as const), ticks: fc.integer({ min: 1, max: 6 }) }) },
);

describe('whatever happens to channels, confirms and sessions', () => {
  it('settles every delivery exactly once, makes one entry per command, and keeps seq and rev dense', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(move, { minLength: 5, maxLength: 60, size: 'max' }),
        fc.nat(3),
        async (moves, commitDelayMs) => {
          const { broker, memory, cell, close } = startTestCell({ commitDelayMs });
          broker.holdConfirms = true;
          for (const step of moves) {
            if (step.kind === 'put')
              broker.put(
                shard,
                post(chats[step.chat]!, `m-${step.id}`, { body: `b-${step.body}`, sender: step.sender }),
              );
            else if (step.kind === 'create') broker.put(shard, create(chats[step.chat]!));
            else if (step.kind === 'cut') broker.cut(shard);
            else if (step.kind === 'lose') memory.ownership.lose({ id: cell.status().session } as never);
            else if (step.kind === 'confirm') broker.confirm(step.count);
            else if (step.kind === 'acks') broker.loseAcks = step.lost;
            else for (let tick = 0; tick < step.ticks; tick++) await macrotask();
          }
          broker.holdConfirms = false;
          broker.loseAcks = false;
          broker.cut(shard);
          const sent = moves.filter(({ kind }) => kind === 'put' || kind === 'create').length;
          await until('every delivery is settled', () => {
            broker.confirm();
            return broker.waiting(shard) === 0;
          });
          await close();

          expect(broker.settledTwice).toEqual([]);
          expect(broker.settled).toHaveLength(sent);
          const bodies = new Map<string, string>();
          for (const { answer } of broker.published) {
            if (!isEntry(answer)) continue;
            const id = `${answer.chatId}/${answer.rev}`;
            expect(eventBody(answer)).toBe(bodies.get(id) ?? eventBody(answer));
            bodies.set(id, eventBody(answer));
          }
          for (const chat of memory.database.chats.values()) {
            expect(chat.entries.map(({ rev }) => rev)).toEqual(chat.entries.map((_, index) => index + 1));
            expect(chat.posts.map(({ seq }) => seq)).toEqual(chat.posts.map((_, index) => index + 1));
            const commands = chat.entries.map(({ senderId, clientMessageId }) => `${senderId}/${clientMessageId}`);
            expect(new Set(commands).size).toBe(commands.length);
            for (const entry of chat.entries) expect(bodies.get(`${entry.chatId}/${entry.rev}`)).toBe(eventBody(entry));
          }
        },
      ),
      { numRuns: 150 },
    );
  }, 60_000);
});
