import { describe, expect, it } from 'vitest';
import { keysPerBlock } from '../../src/application/turn/key-log.ts';
import { maxTrimmedBuckets } from '../../src/domain/chat/command.ts';
import { micros, rev, seq, userId } from '../../src/domain/ids.ts';
import { patient, type StartCell } from '../support/cell-harness.ts';
import { type ChatWriter, someExtras } from '../support/decisions.ts';
import { expectWhole, readLog } from './expected.ts';
import { useCell } from './use-cell.ts';

/** To the implementer: every test has chats of its own, so the store need not be empty. */
export const trimmingContract = (name: string, start: StartCell) =>
  describe(`Trimming contract: ${name}`, patient, () => {
    const used = useCell(start);

    /** Three buckets, each with everything that can hang on a message. */
    const fill = (writer: ChatWriter) => {
      const decisions = [writer.create()];
      for (let bucket = 0; bucket < 3; bucket++) {
        if (bucket > 0) writer.rollBucket();
        const first = writer.state!.nextSeq;
        decisions.push(
          ...writer.posts(4, { extras: someExtras }),
          writer.edit(first, `edited in ${bucket}`),
          writer.react(first + 1, '👍', { sender: '2' }),
          writer.deleteMessage(first + 1, 'me'),
          writer.deleteMessage(first + 2),
        );
      }
      return decisions;
    };

    it('drops the buckets below, and what hung on their messages', async () => {
      const writer = used.writer();
      await used.write(fill(writer));
      await expectWhole(used, writer);
      await used.write([writer.trim(1)]);
      await expectWhole(used, writer);
      expect(await used.reader.chat(writer.chatId)).toMatchObject({ firstSeq: 5, firstRev: 10, lastSeq: 12, rev: 26 });
      expect(await used.reader.message(writer.chatId, seq(4))).toBeUndefined();
      expect(await used.reader.versions(writer.chatId, seq(1))).toEqual([]);
      expect(await used.reader.reactions(writer.chatId, seq(2))).toEqual([]);
      expect(await used.reader.hidden(writer.chatId, userId('1'), seq(1), seq(12))).toEqual(new Set([6, 10]));
      expect((await used.reader.integrity(writer.chatId)).map(({ bucket }) => bucket)).toEqual([1, 2]);
      await used.write([writer.trim(2)]);
      await expectWhole(used, writer);
    });

    it('moves the range that pages show', async () => {
      const writer = used.writer();
      await used.write([...fill(writer), writer.trim(1)]);
      const page = (anchor: Parameters<typeof used.reader.page>[0]['anchor'], fromSeq: number) =>
        used.reader.page({ chatId: writer.chatId, anchor, limit: 3, fromSeq: seq(fromSeq) });
      const range = { firstSeq: 5, lastSeq: 12 };
      expect(await page({ at: 'after', seq: seq(0) }, 1)).toMatchObject({ ...range, hasOlder: false, hasNewer: true });
      expect((await page({ at: 'around', seq: seq(1) }, 1))?.items.map((item) => item.seq)).toEqual([7, 6, 5]);
      expect(await page({ at: 'before', seq: seq(3) }, 1)).toMatchObject({ ...range, items: [], hasNewer: true });
      expect(await page({ at: 'newest' }, 11)).toMatchObject({ firstSeq: 11, lastSeq: 12, hasOlder: false });
      expect((await page({ at: 'time', time: micros(0) }, 1))?.items.map((item) => item.seq)).toEqual([7, 6, 5]);
    });

    it('blanks what is kept of messages that are not', async () => {
      const writer = used.writer();
      const decisions = [writer.create(), writer.post({ extras: someExtras }), writer.post({ extras: someExtras })];
      writer.rollBucket();
      const told = { clientMessageId: 'late edit' };
      decisions.push(writer.edit(1, 'late', told), writer.deleteMessage(1, 'me'), writer.react(2, '👍'));
      decisions.push(writer.deleteMessage(2), writer.post({ extras: someExtras }), writer.edit(3, 'stays'));
      await used.write([...decisions, writer.trim(1)]);
      const { chatId } = writer;
      const edit = await used.store.entryAt(chatId, { rev: rev(4), seq: undefined });
      expect(edit).toMatchObject({ type: 'message.edited', seq: 1, version: 2, body: '', post: { extras: null } });
      expect(await used.store.entryAt(chatId, { rev: rev(9), seq: undefined })).toMatchObject({ body: 'stays' });
      const removal = await used.store.entryAt(chatId, { rev: rev(7), seq: undefined });
      expect(removal).toMatchObject({ type: 'message.deleted', post: { extras: null } });
      await expectWhole(used, writer);
      await used.write(decisions);
      await expectWhole(used, writer);
    });

    it('drops so many buckets at once, and says where to go on', async () => {
      const writer = used.writer();
      const decisions = [writer.create()];
      for (let bucket = 0; bucket < maxTrimmedBuckets + 3; bucket++) {
        if (bucket > 0) writer.rollBucket();
        decisions.push(writer.post());
      }
      await used.write(decisions);
      const { bucket, firstSeq, firstRev } = writer.buckets.at(-1)!;
      const whole = writer.attempt({ type: 'chat.trim', bucket, firstSeq, firstRev });
      expect(whole).toMatchObject({
        outcome: { rejected: { code: 'VALIDATION_FAILED', reason: expect.stringContaining('cut at bucket 50 first') } },
      });
      await used.write([writer.trim(maxTrimmedBuckets)]);
      await expectWhole(used, writer);
      await used.write([writer.trim(bucket)]);
      await expectWhole(used, writer);
      expect(await used.reader.integrity(writer.chatId)).toMatchObject([{ bucket }]);
    });

    it('never drops the bucket that is written to', async () => {
      const writer = used.writer();
      await used.write(fill(writer));
      const { nextSeq: firstSeq, nextRev: firstRev } = writer.state!;
      const beyond = writer.attempt({ type: 'chat.trim', bucket: 3, firstSeq, firstRev });
      expect(beyond).toMatchObject({ outcome: { rejected: { reason: 'The newest bucket of the chat is 2.' } } });
      await expectWhole(used, writer);
    });

    it('says which buckets are kept, the oldest first', async () => {
      const writer = used.writer();
      await used.write(fill(writer));
      const oldest = (limit: number) => used.reader.oldestBuckets(writer.chatId, limit);
      expect(await oldest(2)).toEqual(writer.buckets.slice(0, 2));
      expect(await oldest(51)).toEqual(writer.buckets);
      await used.write([writer.trim(1)]);
      expect(await oldest(51)).toEqual(writer.buckets.slice(1));
      expect(await used.reader.oldestBuckets(used.cell.newChatId(), 51)).toEqual([]);
    });

    it('calls the log before it gone', async () => {
      const writer = used.writer();
      await used.write([...fill(writer), writer.trim(1)]);
      expect(await readLog(used, writer)).toBe('gone');
      expect(await readLog(used, writer, { rev: rev(8), seq: seq(4) })).toBe('gone');
      expect(await readLog(used, writer, { rev: rev(9), seq: seq(4) })).toEqual(writer.kept);
    });

    it('drops everything below the open bucket, and the chat goes on', async () => {
      const writer = used.writer();
      const decisions = fill(writer);
      writer.rollBucket();
      const trimmed = writer.update({ title: 'quiet' });
      await used.write([...decisions, trimmed, writer.trim(3)]);
      await expectWhole(used, writer);
      expect(
        await used.reader.page({ chatId: writer.chatId, anchor: { at: 'newest' }, limit: 9, fromSeq: seq(1) }),
      ).toEqual({ items: [], hasOlder: false, hasNewer: false, firstSeq: 0, lastSeq: 0 });
      await used.write([...writer.posts(3), writer.edit(14, 'new')]);
      await expectWhole(used, writer);
    });

    it('leaves as many keys as the next block needs', async () => {
      const writer = used.writer();
      const decisions = [writer.create(), ...writer.posts(99)];
      writer.rollBucket();
      decisions.push(...writer.posts(9));
      await used.write([...decisions, writer.trim(1)]);
      const snapshot = await used.store.open(writer.chatId);
      expect(snapshot?.recent.map((key) => key.rev)).toEqual(
        Array.from({ length: 110 % keysPerBlock }, (_, index) => keysPerBlock + 1 + index),
      );
      await expectWhole(used, writer);
      expect(await used.store.keyBlocks(writer.chatId, rev(65), micros(0), 50_000)).toEqual([]);
    });

    it('keeps the keys of what is kept', async () => {
      const writer = used.writer();
      const decisions = [writer.create(), ...writer.posts(99)];
      writer.rollBucket();
      decisions.push(...writer.posts(99));
      await used.write([...decisions, writer.trim(1)]);
      const blocks = await used.store.keyBlocks(writer.chatId, rev(193), micros(0), 50_000);
      expect(blocks.map(({ firstRev }) => firstRev)).toEqual([129, 65]);
      for (const { firstRev, blob } of blocks)
        expect(Buffer.from(blob)).toEqual(Buffer.from(writer.keys.block(firstRev)));
    });

    it('rebuilds the keys of what is kept when a block is missing', async () => {
      const writer = used.writer();
      const decisions = [writer.create(), ...writer.posts(99, { withoutKeys: true })];
      writer.rollBucket();
      decisions.push(...writer.posts(99, { withoutKeys: true }));
      await used.write([...decisions, writer.trim(1)]);
      const [newer, older] = await used.store.keyBlocks(writer.chatId, rev(193), micros(0), 50_000);
      expect(Buffer.from(newer!.blob)).toEqual(Buffer.from(writer.keys.block(rev(129))));
      const bytesPerKey = older!.blob.byteLength / keysPerBlock;
      const kept = (blob: Uint8Array) => Buffer.from(blob.subarray((101 - 65) * bytesPerKey));
      expect(bytesPerKey).toBe(12);
      expect(kept(older!.blob)).toEqual(kept(writer.keys.block(rev(65))));
    });

    it('changes nothing when it is repeated, or when what it dropped is', async () => {
      const writer = used.writer();
      const decisions = [...fill(writer), writer.trim(1), writer.post()];
      await used.write(decisions);
      await used.write(decisions);
      await expectWhole(used, writer);
    });
  });
