import { describe, expect, it } from 'vitest';
import type { ChatSummary } from '../../src/application/ports/chat-reader.ts';
import { maxListedRecipients } from '../../src/domain/chat/command.ts';
import { type Micros, micros, seq, type UserId, userId } from '../../src/domain/ids.ts';
import { microsOfMs } from '../../src/domain/time.ts';
import { patient, type StartCell } from '../support/cell-harness.ts';
import type { ChatWriter } from '../support/decisions.ts';
import { summaryOf } from './expected.ts';
import { useCell } from './use-cell.ts';

/** Far enough apart for every adapter: the order of the list is exact to an hour. */
const hours = (count: number): Micros => micros(1_800_000_000_000_000 + microsOfMs(count * 3_600_000));

/** A user's list of chats. To the implementer: every test has users of its own, so the store need not be empty. */
export const chatListContract = (name: string, start: StartCell) =>
  describe(`ChatReader contract, a user’s chats: ${name}`, patient, () => {
    const used = useCell(start);

    const newUser = (): UserId => userId(`u-${used.cell.newChatId()}`);
    const list = (user: UserId, limit = 50, after?: Pick<ChatSummary, 'id' | 'activeAt'>) =>
      used.reader.chatsOf({ userId: user, limit, after: after && { activeAt: after.activeAt, chatId: after.id } });
    const chatOf = (user: UserId, hour: number, members: readonly string[] = []) => {
      const writer = used.writer();
      return [writer, writer.create({ members: [user, ...members], at: hours(hour) })] as const;
    };
    /** Chats of a user, made at hour 1, 2, 3 … */
    const chatsOf = async (user: UserId, count: number): Promise<ChatWriter[]> => {
      const chats = Array.from({ length: count }, (_, index) => chatOf(user, index * 2));
      await used.write(chats.map(([, created]) => created));
      return chats.map(([writer]) => writer);
    };

    it('is empty for somebody without chats', async () => {
      expect(await list(newUser())).toEqual([]);
    });

    it('shows each chat with its last message', async () => {
      const user = newUser();
      const [writer, created] = chatOf(user, 0);
      await used.write([created]);
      expect(await list(user)).toEqual([{ ...summaryOf(writer, user), activeAt: hours(0), lastMessage: null }]);
      await used.write([writer.post({ at: hours(2) }), writer.post({ at: hours(4), body: 'last' })]);
      const [summary] = await list(user);
      expect(summary).toEqual({ ...summaryOf(writer, user), activeAt: hours(4), lastMessage: writer.view(2) });
      await used.write([writer.edit(2, 'last, better', { at: hours(4) }), writer.update({ title: 'new' })]);
      expect((await list(user))[0]).toMatchObject({
        settings: { title: 'new' },
        lastMessage: { body: 'last, better' },
        lastSeq: 2,
        rev: 5,
        activeAt: hours(4),
      });
    });

    it('shows the newest message that its reader has not deleted for themself', async () => {
      const user = newUser();
      const [writer, created] = chatOf(user, 0);
      const first = [created, writer.post({ at: hours(1) }), writer.post({ at: hours(2) })];
      writer.rollBucket();
      await used.write([...first, writer.post({ at: hours(3) })]);
      await used.write([writer.deleteMessage(3, 'me', { sender: user }), writer.deleteMessage(1, 'me')]);
      expect(await list(user)).toEqual([{ ...summaryOf(writer, user), activeAt: hours(3), lastSeq: 3 }]);
      expect((await list(user))[0]).toMatchObject({ lastMessage: { seq: 2 } });
      await used.write([2, 1].map((at) => writer.deleteMessage(at, 'me', { sender: user })));
      expect((await list(user))[0]).toMatchObject({ lastMessage: null });
      await used.write([writer.post({ at: hours(4) })]);
      expect((await list(user))[0]).toMatchObject({ lastMessage: { seq: 4 } });
    });

    it('has the most recently active chat first', async () => {
      const user = newUser();
      const [first, second, third] = (await chatsOf(user, 3)) as [ChatWriter, ChatWriter, ChatWriter];
      const order = async () => (await list(user)).map(({ id }) => id);
      expect(await order()).toEqual([third, second, first].map(({ chatId }) => chatId));
      await used.write([first.post({ at: hours(10) })]);
      expect(await order()).toEqual([first, third, second].map(({ chatId }) => chatId));
      await used.write([third.post({ at: hours(12) }), second.post({ at: hours(14) })]);
      expect(await order()).toEqual([second, third, first].map(({ chatId }) => chatId));
      await used.write([first.update({ title: 'not a message' }, { at: hours(20) })]);
      expect(await order()).toEqual([second, third, first].map(({ chatId }) => chatId));
    });

    it('puts a large chat where its last message was posted', async () => {
      const user = newUser();
      const many = Array.from({ length: maxListedRecipients }, (_, index) => `m${index}`);
      const [large, createdLarge] = chatOf(user, 0, many);
      const [small, createdSmall] = chatOf(user, 2);
      await used.write([createdLarge, createdSmall]);
      await used.write([large.post({ at: hours(4) })]);
      expect((await list(user)).map(({ id, activeAt }) => [id, activeAt])).toEqual([
        [large.chatId, hours(4)],
        [small.chatId, hours(2)],
      ]);
      await used.write([small.post({ at: hours(6) })]);
      expect((await list(user)).map(({ id }) => id)).toEqual([small.chatId, large.chatId]);
    });

    it('shows a chat that became large where its last message was posted', async () => {
      const user = newUser();
      const many = Array.from({ length: maxListedRecipients - 2 }, (_, index) => `m${index}`);
      const [grown, created] = chatOf(user, 0, many);
      const [other, createdOther] = chatOf(user, 2);
      await used.write([created, createdOther, grown.addMember('one-more', { at: hours(3) })]);
      await used.write([grown.post({ at: hours(8) })]);
      expect((await list(user)).map(({ id }) => id)).toEqual([grown.chatId, other.chatId]);
      const [late] = await list(userId('one-more'));
      expect(late).toMatchObject({ activeAt: expect.any(Number) });
    });

    it.each([1, 2, 3, 10])('comes in pages of %i, each chat once', async (limit) => {
      const user = newUser();
      const chats = await chatsOf(user, 7);
      // Two of one moment.
      const [twin, created] = chatOf(user, 6);
      await used.write([created]);
      const seen: ChatSummary[] = [];
      for (let page = await list(user, limit); page.length > 0; page = await list(user, limit, seen.at(-1))) {
        expect(page.length).toBeLessThanOrEqual(limit);
        seen.push(...page);
        expect(seen.length).toBeLessThanOrEqual(8);
      }
      expect(seen.map(({ activeAt }) => activeAt)).toEqual([12, 10, 8, 6, 6, 4, 2, 0].map(hours));
      expect(new Set(seen.map(({ id }) => id))).toEqual(new Set([...chats, twin].map(({ chatId }) => chatId)));
    });

    it('loses a chat with the membership, and has it again with a new one', async () => {
      const user = newUser();
      const [writer, created] = chatOf(user, 0);
      await used.write([created, ...writer.posts(3, { at: hours(1) })]);
      await used.write([writer.removeMember(user, { at: hours(2) })]);
      expect(await list(user)).toEqual([]);
      await used.write([writer.addMember(user, { at: hours(4) })]);
      expect(await list(user)).toEqual([
        { ...summaryOf(writer, user), activeAt: hours(4), lastMessage: null, unread: 0, lastSeq: 3 },
      ]);
      await used.write([writer.post({ at: hours(6) })]);
      expect(await list(user)).toEqual([
        { ...summaryOf(writer, user), activeAt: hours(6), lastMessage: writer.view(4), unread: 1 },
      ]);
    });

    it('counts what is unread, without what was deleted', async () => {
      const user = newUser();
      const [writer, created] = chatOf(user, 0);
      await used.write([created, ...writer.posts(10)]);
      const unread = async () => (await list(user))[0]!.unread;
      expect(await unread()).toBe(10);
      await used.personal.markRead(writer.chatId, user, seq(4));
      expect(await unread()).toBe(6);
      await used.write([writer.deleteMessage(2), writer.deleteMessage(5), writer.erase('1', [5, 9, 10])]);
      expect(await unread()).toBe(3);
      expect((await list(user))[0]).toEqual(summaryOf(writer, user, 4));
      await used.write([writer.deleteMessage(6, 'me', { sender: '1' })]);
      expect(await unread()).toBe(3);
      await used.personal.markUnread(writer.chatId, user, seq(2));
      expect(await unread()).toBe(5);
      expect((await list(user))[0]).toMatchObject({ readSeq: 4 });
      await used.personal.markRead(writer.chatId, user, seq(10));
      expect(await unread()).toBe(0);
      await used.write([writer.post()]);
      expect(await unread()).toBe(1);
      await used.personal.markRead(writer.chatId, user, seq(1_000));
      expect(await unread()).toBe(0);
    });

    it('counts nothing from before the membership, nor what is not kept any more', async () => {
      const user = newUser();
      const writer = used.writer();
      const decisions = [
        writer.create({ at: hours(0) }),
        ...writer.posts(5),
        writer.addMember(user),
        ...writer.posts(2),
      ];
      await used.write([...decisions, writer.deleteMessage(1), writer.deleteMessage(6)]);
      expect((await list(user))[0]).toMatchObject({ unread: 1 });
      await used.personal.markUnread(writer.chatId, user, seq(1));
      expect((await list(user))[0]).toMatchObject({ unread: 1 });
      writer.rollBucket();
      await used.write([...writer.posts(3), writer.trim(1)]);
      expect((await list(user))[0]).toMatchObject({ unread: 3, lastSeq: 10 });
    });
  });
