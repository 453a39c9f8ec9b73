import { describe, expect, it } from 'vitest';
import { clientMessageId, type Rev, rev, seq, userId } from '../../src/domain/ids.ts';
import { patient, type StartCell } from '../support/cell-harness.ts';
import type { ChatWriter } from '../support/decisions.ts';
import { readLog } from './expected.ts';
import { useCell } from './use-cell.ts';

const beginning = { rev: rev(0), seq: seq(0) };

/** Changes, the entry that answered a command, integrity. To the implementer: every test has chats of its own. */
export const logContract = (name: string, start: StartCell) =>
  describe(`ChatReader contract, the log: ${name}`, patient, () => {
    const used = useCell(start);

    /** Posts and changes by turns, over three buckets. */
    const mixed = async (): Promise<ChatWriter> => {
      const writer = used.writer();
      const decisions = [writer.create()];
      for (let bucket = 0; bucket < 3; bucket++) {
        if (bucket > 0) writer.rollBucket();
        for (let round = 0; round < 4; round++) {
          const last = writer.state!.nextSeq;
          decisions.push(...writer.posts(round), writer.update({ title: `${bucket} ${round}` }), writer.post());
          decisions.push(writer.edit(last, 'new'), writer.react(last, '👍'));
        }
      }
      await used.write(decisions);
      return writer;
    };

    it('has no log where no chat is', async () => {
      expect(await used.reader.changes(used.cell.newChatId(), beginning, 10)).toBeUndefined();
    });

    it.each([1, 2, 7, 64, 100])('comes in pages of %i, in order and without gaps', async (limit) => {
      const writer = await mixed();
      const entries = await readLog(used, writer, beginning, limit);
      expect(entries).toEqual(writer.entries);
    });

    it('goes on from any entry', async () => {
      const writer = await mixed();
      let last = 0;
      for (const entry of writer.entries) {
        if (entry.type === 'message.posted') last = entry.seq;
        const page = await used.reader.changes(writer.chatId, { rev: entry.rev, seq: seq(last) }, 5);
        expect(page).toHaveProperty('entries', writer.entries.slice(entry.rev, entry.rev + 5));
      }
    });

    it('has nothing new at its end, and then what came', async () => {
      const writer = await mixed();
      const head = (await used.reader.head(writer.chatId))!;
      const nothing = { entries: [], next: head, hasMore: false };
      expect(await used.reader.changes(writer.chatId, head, 10)).toEqual(nothing);
      await used.write([writer.post(), writer.update({ title: 'new' })]);
      expect(await used.reader.changes(writer.chatId, head, 10)).toEqual({
        entries: writer.entries.slice(-2),
        next: { rev: head.rev + 2, seq: head.seq + 1 },
        hasMore: false,
      });
      expect(await used.reader.changes(writer.chatId, head, 1)).toMatchObject({ hasMore: true });
      expect(await used.reader.changes(writer.chatId, head, 2)).toMatchObject({ hasMore: false });
    });

    it('has nothing after an entry that is yet to come', async () => {
      const writer = await mixed();
      const later = { rev: rev(1_000), seq: seq(900) };
      expect(await used.reader.changes(writer.chatId, later, 10)).toEqual({ entries: [], next: later, hasMore: false });
    });

    it('never has a hole while entries are being written', async () => {
      const writer = used.writer();
      await used.write([writer.create()]);
      const decisions = Array.from({ length: 40 }, (_, index) =>
        index % 3 === 2 ? writer.update({ title: `${index}` }) : writer.post(),
      );
      let done = false;
      const written = Promise.all(decisions.map((decision) => used.write([decision]))).finally(() => {
        done = true;
      });
      while (!done) {
        const page = await used.reader.changes(writer.chatId, beginning, 100);
        const revs = page === 'gone' ? [] : page!.entries.map((entry) => entry.rev as number);
        expect(revs).toEqual(Array.from(revs, (_, index) => index + 1));
        await new Promise(setImmediate);
      }
      await written;
      expect(await readLog(used, writer)).toEqual(writer.entries);
    });

    it('knows the entry that answered a command', async () => {
      const writer = used.writer();
      await used.write([writer.create(), ...writer.posts(3), writer.update({ title: 'x' }), ...writer.posts(150)]);
      const find = (sender: string, id: string) =>
        used.reader.entryOf(writer.chatId, userId(sender), clientMessageId(id));
      for (const index of [0, 1, 4, 63, 64, 70, 128, 154])
        expect(await find('1', `c-${index}`)).toEqual(writer.entries[index]);
      expect(await find('2', 'c-1')).toBeUndefined();
      expect(await find('1', 'c-155')).toBeUndefined();
      expect(await used.reader.entryOf(used.cell.newChatId(), userId('1'), clientMessageId('c-1'))).toBeUndefined();
    });

    it('counts what is in every bucket, oldest first', async () => {
      const writer = used.writer();
      const decisions = [writer.create(), ...writer.posts(5), writer.edit(1, 'new')];
      writer.rollBucket();
      await used.write([...decisions, writer.update({ title: 'x' }), ...writer.posts(2)]);
      const sound = { missingSeqs: [], missingRevs: [] };
      expect(await used.reader.integrity(writer.chatId)).toEqual([
        { bucket: 0, firstSeq: 1, firstRev: 1, messages: 5, changes: 2, ...sound },
        { bucket: 1, firstSeq: 6, firstRev: 8, messages: 2, changes: 1, ...sound },
      ]);
      expect(await used.reader.integrity(used.cell.newChatId())).toEqual([]);
    });

    it('names what is missing', async (context) => {
      const { damage } = used.cell;
      if (damage === undefined) return context.skip('no row of this adapter can be taken out by a test');
      const writer = used.writer();
      const decisions = [writer.create(), ...writer.posts(5)];
      writer.rollBucket();
      await used.write([...decisions, ...writer.posts(5)]);
      await damage(writer.chatId, seq(3));
      await damage(writer.chatId, seq(10));
      const missing = (seqs: number[], revs: readonly number[]) =>
        expect.objectContaining({ missingSeqs: seqs, missingRevs: revs as readonly Rev[] });
      expect(await used.reader.integrity(writer.chatId)).toEqual([missing([3], [4]), missing([10], [11])]);
    });
  });
