import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PageRequest } from '../../src/application/ports/chat-reader.ts';
import { type ChatId, type Seq, seq } from '../../src/domain/ids.ts';
import { patient, type StartCell } from '../support/cell-harness.ts';
import type { ChatWriter } from '../support/decisions.ts';
import { type UsedCell, useCell } from './use-cell.ts';

const walk = fc.record({
  direction: fc.constantFrom('older' as const, 'newer' as const),
  /** How many messages there are before the walk begins; it starts at this share of them. */
  before: fc.integer({ min: 1, max: 40 }),
  from: fc.double({ min: 0, max: 1, noNaN: true }),
  limits: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 }),
  changes: fc.array(fc.constantFrom('post', 'post', 'edit', 'delete', 'roll'), {
    minLength: 5,
    maxLength: 50,
    size: 'max',
  }),
});

/** Pages on from `start`, by whatever the page before says, until there is no more. */
const seqsOnTheWay = async (
  { reader }: UsedCell,
  chatId: ChatId,
  direction: 'older' | 'newer',
  start: number,
  limits: readonly number[],
): Promise<number[]> => {
  const seen: number[] = [];
  let anchor: PageRequest['anchor'] = { at: 'around', seq: seq(start) };
  for (let pages = 0; ; pages++) {
    const page = await reader.page({ chatId, anchor, limit: limits[pages % limits.length]!, fromSeq: seq(1) });
    const seqs = page!.items.map((item) => item.seq as number);
    seen.push(...(direction === 'older' ? seqs : seqs.reverse()));
    if (!(direction === 'older' ? page!.hasOlder : page!.hasNewer)) return seen;
    expect(seqs.length).toBeGreaterThan(0);
    anchor = { at: direction === 'older' ? 'before' : 'after', seq: seen.at(-1) as Seq };
  }
};

/** What may happen to a chat, one after the other; only messages that are not deleted are changed. */
const decisionsOf = (writer: ChatWriter, changes: readonly string[]) => {
  const deleted = new Set<number>();
  return changes.flatMap((change, index) => {
    const last = writer.state!.nextSeq - 1;
    const at = 1 + ((index * 7) % last);
    if (change === 'roll') writer.rollBucket();
    if (change === 'roll' || change === 'post' || deleted.has(at)) return [writer.post()];
    if (change === 'edit') return [writer.edit(at, `text ${index}`)];
    deleted.add(at);
    return [writer.deleteMessage(at)];
  });
};

export const pagingContract = (name: string, start: StartCell, numRuns = 40) =>
  describe(`Paging while a chat goes on: ${name}`, patient, () => {
    const used = useCell(start);

    it('never skips a message and never shows one twice', async () => {
      await fc.assert(
        fc.asyncProperty(walk, async ({ direction, before, from, limits, changes }) => {
          const writer = used.writer();
          await used.write([writer.create(), ...writer.posts(before)]);
          const begin = 1 + Math.floor(from * (before - 1));
          let done = false;
          const written = (async () => {
            for (const decision of decisionsOf(writer, changes)) await used.write([decision]);
          })().finally(() => {
            done = true;
          });
          const walked: number[][] = [];
          do {
            walked.push(await seqsOnTheWay(used, writer.chatId, direction, begin, limits));
            await new Promise(setImmediate); // a store in memory answers at once, and nobody else would ever run
          } while (!done);
          await written;
          for (const seen of walked) {
            const step = direction === 'older' ? -1 : 1;
            expect(seen).toEqual(seen.map((_, index) => seen[0]! + step * index));
            // Up to what there was when it began, at least; on to the end of the chat.
            if (direction === 'older') expect(seen.at(-1)).toBe(1);
            else expect(seen.at(-1)).toBeGreaterThanOrEqual(before);
            expect(seen).toContain(begin);
          }
        }),
        { numRuns },
      );
    });
  });
