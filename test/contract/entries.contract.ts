import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/application/decision.ts';
import { maxListedRecipients } from '../../src/domain/chat/command.ts';
import type { Entry } from '../../src/domain/chat/entry.ts';
import { micros, rev, seq, userId } from '../../src/domain/ids.ts';
import { patient, type StartCell } from '../support/cell-harness.ts';
import { type ChatWriter, someExtras } from '../support/decisions.ts';
import { expectWhole, positionOf } from './expected.ts';
import { useCell } from './use-cell.ts';

/** What happens in a group of '1' (who made it), '2' and '3' with four messages: 1 and 3 by '1', 2 and 4 by '2'. */
type Story = readonly [title: string, tell: (writer: ChatWriter) => readonly Decision[]];

const stories: readonly Story[] = [
  [
    'a message with all it can have',
    (chat) => [chat.post({ body: 'see this', extras: { ...someExtras, replyTo: seq(1) } })],
  ],
  ['new settings', (chat) => [chat.update({ title: 'Öl 🛢', closed: true, retentionDays: 30 })]],
  ['settings that change twice', (chat) => [chat.update({ title: 'a', slowModeMs: 5 }), chat.update({ title: null })]],
  ['a new member, who sees what is posted from now on', (chat) => [chat.addMember('4'), chat.post({ sender: '4' })]],
  ['a new member, who sees everything', (chat) => [chat.update({ history: 'full' }), chat.addMember('4')]],
  ['a new member who is a guest', (chat) => [chat.addMember('0', { role: 'guest' })]],
  ['a member who is removed', (chat) => [chat.removeMember('2')]],
  ['a member who leaves and comes back', (chat) => [chat.removeMember('2', { sender: '2' }), chat.addMember('2')]],
  [
    'a creator who leaves, and others who come',
    (chat) => [
      chat.setRole('3', 'owner'),
      chat.removeMember('1'),
      chat.addMember('20', { sender: '3' }),
      chat.post({ sender: '3' }),
      chat.addMember('1', { sender: '3' }),
      chat.post({ sender: '3' }),
    ],
  ],
  [
    'a member who hides, leaves and comes back to all of the history',
    (chat) => [
      chat.update({ history: 'full' }),
      chat.deleteMessage(1, 'me', { sender: '2' }),
      chat.removeMember('2'),
      chat.addMember('2'),
    ],
  ],
  ['another role', (chat) => [chat.setRole('3', 'admin'), chat.setRole('3', 'owner')]],
  ['a mute, and its end', (chat) => [chat.mute('3', micros(9e15)), chat.mute('2', micros(8e15)), chat.mute('3', null)]],
  ['an edit', (chat) => [chat.edit(2, 'better', { sender: '2' })]],
  ['several edits of one message', (chat) => [chat.edit(1, 'a\0b'), chat.edit(1, ' '), chat.edit(1, '語 third')]],
  ['an edit of a message with extras', (chat) => [chat.post({ extras: someExtras }), chat.edit(5, 'better')]],
  ['a deletion for everyone', (chat) => [chat.deleteMessage(2)]],
  ['a deletion after an edit', (chat) => [chat.edit(1, 'better'), chat.deleteMessage(1)]],
  ['a deletion for one', (chat) => [chat.deleteMessage(2, 'me'), chat.deleteMessage(2, 'me', { sender: '3' })]],
  ['an edit of what somebody hides', (chat) => [chat.deleteMessage(1, 'me', { sender: '2' }), chat.edit(1, 'new')]],
  ['an erasure', (chat) => [chat.erase('1', [1, 3])]],
  ['an erasure of what was edited', (chat) => [chat.edit(1, 'b'), chat.edit(1, 'c'), chat.erase('1', [1])]],
  ['an erasure of what was deleted', (chat) => [chat.edit(1, 'b'), chat.deleteMessage(1), chat.erase('1', [1, 3])]],
  [
    'an erasure of a message with extras, edited and deleted',
    (chat) => [
      chat.post({ extras: someExtras }),
      chat.edit(5, 'better'),
      chat.deleteMessage(5, 'me', { sender: '2' }),
      chat.deleteMessage(5, 'me', { sender: '3' }),
      chat.deleteMessage(5),
      chat.erase('1', [5]),
    ],
  ],
  ['one reaction of everybody', (chat) => ['3', '1', '2'].map((sender) => chat.react(2, '👍', { sender }))],
  ['a reaction', (chat) => [chat.react(2, '👍')]],
  [
    'reactions of several users, given and taken back',
    (chat) => [
      chat.react(2, '👍', { sender: '3' }),
      chat.react(2, '👍'),
      chat.react(2, '❤️'),
      chat.react(2, '👍'),
      chat.unreact(2, '👍', { sender: '3' }),
      chat.react(3, '❤️', { sender: '2' }),
      chat.unreact(2, '❤️'),
      chat.unreact(2, '❤️'),
    ],
  ],
  ['an edit of what has reactions', (chat) => [chat.react(1, '👍', { sender: '2' }), chat.edit(1, 'new')]],
  ['an erasure of what has reactions', (chat) => [chat.react(1, '👍', { sender: '2' }), chat.erase('1', [1])]],
];

/** To the implementer: every test has chats of its own, so the store need not be empty. */
export const entriesContract = (name: string, start: StartCell) =>
  describe(`Entries contract: ${name}`, patient, () => {
    const used = useCell(start);

    const begin = async (): Promise<ChatWriter> => {
      const writer = used.writer();
      const posts = ['1', '2', '1', '2'].map((sender) => ['post', sender] as const);
      await used.write([writer.create(), ...posts.map(([, sender]) => writer.post({ sender }))]);
      return writer;
    };

    describe.each(stories)('after %s', (_, tell) => {
      it('everything is read as its writer has it, at every step', async () => {
        const writer = await begin();
        const decisions = tell(writer);
        const whole = writer.entries.length;
        expect(whole).toBe(5 + decisions.length);
        for (const decision of decisions.slice(0, -1)) await used.write([decision]);
        await used.write(decisions.slice(-1));
        await expectWhole(used, writer);
      });

      it('the same is read when it came in one commit, over a bucket edge, and again', async () => {
        const writer = used.writer();
        const decisions = [writer.create(), writer.post(), writer.post({ sender: '2' })];
        writer.rollBucket();
        decisions.push(writer.post(), writer.post({ sender: '2' }));
        writer.rollBucket();
        decisions.push(...tell(writer));
        await used.write(decisions);
        await expectWhole(used, writer);
        await used.write(decisions);
        for (const decision of decisions) await used.write([decision]);
        await expectWhole(used, writer);
      });

      it('the same is read when the chat goes on', async () => {
        const writer = await begin();
        const decisions = tell(writer);
        await used.write([...decisions, writer.post(), writer.post()]);
        await used.write(decisions);
        await expectWhole(used, writer);
      });
    });

    it('keeps a post as it was decided, whatever becomes of the message', async () => {
      const writer = used.writer();
      await used.write([writer.create(), writer.post({ body: 'first', extras: someExtras })]);
      const post = await used.store.entryAt(writer.chatId, { rev: rev(2), seq: seq(1) });
      expect(post).toMatchObject({ body: 'first', extras: someExtras });
      await used.write([
        writer.edit(1, 'second'),
        writer.react(1, '👍'),
        writer.deleteMessage(1, 'me', { sender: '2' }),
        writer.deleteMessage(1),
      ]);
      expect(await used.store.entryAt(writer.chatId, { rev: rev(2), seq: seq(1) })).toEqual(post);
      expect(await used.reader.message(writer.chatId, seq(1))).toMatchObject({
        body: 'second',
        version: 2,
        removed: 'deleted',
        reactions: { '👍': 1 },
        changedRev: 6,
        post: { extras: someExtras },
      });
    });

    it('leaves no text of an erased message anywhere', async () => {
      const writer = used.writer();
      const secrets = { ...someExtras, attachments: [{ url: 'u', name: 'secret', mediaType: 't', size: 1 }] };
      await used.write([
        writer.create(),
        writer.post({ body: 'secret', extras: secrets }),
        writer.post({ body: 'kept' }),
        writer.edit(1, 'secret too'),
        writer.edit(2, 'kept too'),
        writer.deleteMessage(1, 'me', { sender: '2' }),
        writer.deleteMessage(1),
        writer.erase('1', [1]),
      ]);
      const entries: (Entry | undefined)[] = [];
      for (const entry of writer.entries) entries.push(await used.store.entryAt(writer.chatId, positionOf(entry)));
      const message = await used.reader.message(writer.chatId, seq(1));
      const versions = await used.reader.versions(writer.chatId, seq(1));
      const page = await used.reader.page({
        chatId: writer.chatId,
        anchor: { at: 'newest' },
        limit: 10,
        fromSeq: seq(1),
      });
      const all = JSON.stringify([entries, message, versions, page]);
      expect(all).not.toContain('secret');
      expect(all).toContain('kept too');
      expect(versions.map(({ version, body }) => [version, body])).toEqual([
        [1, ''],
        [2, ''],
      ]);
      expect(message).toMatchObject({ seq: 1, body: '', removed: 'erased', version: 2, post: { extras: null } });
      expect(entries[1]).toMatchObject({ type: 'message.posted', seq: 1, body: '', extras: null });
    });

    it('knows each user’s own reactions, and the count of all', async () => {
      const writer = await begin();
      await used.write([writer.react(1, '❤️'), writer.react(1, '👍'), writer.react(1, '👍', { sender: '2' })]);
      const target = (user: string) => used.store.target(writer.chatId, seq(1), userId(user));
      expect((await target('1'))?.own.toSorted()).toEqual(['❤️', '👍'].toSorted());
      expect((await target('2'))?.own).toEqual(['👍']);
      expect((await target('3'))?.own).toEqual([]);
      expect((await target('3'))?.message.reactions).toEqual({ '❤️': 1, '👍': 2 });
      await used.write([writer.unreact(1, '👍', { sender: '2' })]);
      expect(await used.reader.reactions(writer.chatId, seq(1))).toEqual([
        { userId: '1', emoji: ['❤️', '👍'].toSorted() },
      ]);
    });

    it('hides from one user what lies in the range that is asked for', async () => {
      const writer = await begin();
      await used.write([
        writer.deleteMessage(1, 'me'),
        writer.deleteMessage(3, 'me'),
        writer.deleteMessage(4, 'me'),
        writer.deleteMessage(2, 'me', { sender: '2' }),
      ]);
      const hidden = async (user: string, low: number, high: number) =>
        [...(await used.reader.hidden(writer.chatId, userId(user), seq(low), seq(high)))].toSorted();
      expect(await hidden('1', 1, 4)).toEqual([1, 3, 4]);
      expect(await hidden('1', 2, 3)).toEqual([3]);
      expect(await hidden('2', 1, 4)).toEqual([2]);
      expect(await hidden('3', 1, 4)).toEqual([]);
    });

    it('knows in slow mode who posted when, among the newest messages', async () => {
      const writer = used.writer();
      const at = (second: number) => ({ at: micros(1_800_000_000_000_000 + second * 1_000_000) });
      await used.write([
        writer.create({ settings: { slowModeMs: 10_000 }, members: ['2', '3'], ...at(0) }),
        writer.post({ sender: '3', ...at(1) }),
        writer.post({ sender: '2', ...at(5) }),
        writer.post({ sender: '1', ...at(6) }),
        writer.post({ sender: '1', ...at(12) }),
      ]);
      const lastPostAt = async () => (await used.store.open(writer.chatId))?.state.lastPostAt;
      expect(await lastPostAt()).toEqual(
        new Map([
          ['1', at(12).at],
          ['2', at(5).at],
        ]),
      );
      expect(writer.state?.lastPostAt).toEqual(await lastPostAt());
      await used.write([writer.update({ slowModeMs: 0 }, at(13))]);
      expect(await lastPostAt()).toEqual(new Map());
    });

    it('finds a chat large once it has more members than an event lists, and ever after', async () => {
      const writer = used.writer();
      const members = Array.from({ length: maxListedRecipients - 1 }, (_, index) => `m${index}`);
      await used.write([writer.create({ members })]);
      const large = async () => (await used.store.open(writer.chatId))?.state.large;
      expect(await large()).toBe(false);
      await used.write([writer.addMember('one-more')]);
      expect(await large()).toBe(true);
      await used.write([writer.removeMember('one-more'), writer.removeMember('m1')]);
      expect(await large()).toBe(true);
      await expectWhole(used, writer);
    });

    it('tells nothing of a message that is not there', async () => {
      const writer = await begin();
      const { chatId } = writer;
      for (const [chat, at] of [
        [chatId, 5],
        [used.cell.newChatId(), 1],
      ] as const) {
        expect(await used.store.target(chat, seq(at), userId('1'))).toBeUndefined();
        expect(await used.reader.message(chat, seq(at))).toBeUndefined();
        expect(await used.reader.versions(chat, seq(at))).toEqual([]);
        expect(await used.reader.reactions(chat, seq(at))).toEqual([]);
      }
      expect(await used.reader.hidden(used.cell.newChatId(), userId('1'), seq(1), seq(9))).toEqual(new Set());
    });
  });
