import { describe, expect, it } from 'vitest';
import { seq, userId } from '../../src/domain/ids.ts';
import { patient, type StartCell } from '../support/cell-harness.ts';
import { useCell } from './use-cell.ts';

const me = userId('1');
const other = userId('2');

/** To the implementer: every test has chats and users of its own, so the store need not be empty. */
export const personalStoreContract = (name: string, start: StartCell) =>
  describe(`PersonalStore contract: ${name}`, patient, () => {
    const used = useCell(start);

    it('has read nothing at first', async () => {
      expect(await used.reader.readMarker(used.cell.newChatId(), me)).toEqual({ readSeq: 0, unreadFrom: null });
    });

    it('never moves a read marker back', async () => {
      const chat = used.cell.newChatId();
      const readSeqs: number[] = [];
      for (const upTo of [3, 2, 7, 7, 1]) {
        await used.personal.markRead(chat, me, seq(upTo));
        readSeqs.push((await used.reader.readMarker(chat, me)).readSeq);
      }
      expect(readSeqs).toEqual([3, 3, 7, 7, 7]);
    });

    it('takes the greatest of many that come at once', async () => {
      const chat = used.cell.newChatId();
      await Promise.all([4, 9, 1, 8, 3].map((upTo) => used.personal.markRead(chat, me, seq(upTo))));
      expect(await used.reader.readMarker(chat, me)).toMatchObject({ readSeq: 9 });
    });

    it('keeps users and chats apart', async () => {
      const [chat, another] = [used.cell.newChatId(), used.cell.newChatId()];
      await used.personal.markRead(chat, me, seq(5));
      await used.personal.markUnread(another, other, seq(2));
      expect(await used.reader.readMarker(chat, me)).toEqual({ readSeq: 5, unreadFrom: null });
      expect(await used.reader.readMarker(chat, other)).toEqual({ readSeq: 0, unreadFrom: null });
      expect(await used.reader.readMarker(another, other)).toEqual({ readSeq: 0, unreadFrom: 2 });
    });

    it('marks as unread from a message on, whatever was read', async () => {
      const chat = used.cell.newChatId();
      await used.personal.markRead(chat, me, seq(10));
      await used.personal.markUnread(chat, me, seq(4));
      expect(await used.reader.readMarker(chat, me)).toEqual({ readSeq: 10, unreadFrom: 4 });
      await used.personal.markUnread(chat, me, seq(6));
      expect(await used.reader.readMarker(chat, me)).toEqual({ readSeq: 10, unreadFrom: 6 });
      await used.personal.markUnread(chat, me, null);
      expect(await used.reader.readMarker(chat, me)).toEqual({ readSeq: 10, unreadFrom: null });
    });

    it('keeps a mark above what is read then, and takes away one that is reached', async () => {
      const chat = used.cell.newChatId();
      await used.personal.markUnread(chat, me, seq(6));
      await used.personal.markRead(chat, me, seq(5));
      expect(await used.reader.readMarker(chat, me)).toEqual({ readSeq: 5, unreadFrom: 6 });
      await used.personal.markRead(chat, me, seq(6));
      expect(await used.reader.readMarker(chat, me)).toEqual({ readSeq: 6, unreadFrom: null });
      await used.personal.markUnread(chat, me, seq(2));
      await used.personal.markRead(chat, me, seq(6));
      expect(await used.reader.readMarker(chat, me)).toEqual({ readSeq: 6, unreadFrom: null });
    });

    it('knows the latest profile of every user that has one', async () => {
      const unique = used.cell.newChatId();
      const [ann, bob, nobody] = [userId(`${unique}-a`), userId(`${unique}-b`), userId(`${unique}-c`)];
      await used.personal.putProfile({ userId: ann, username: 'Ann', avatarUrl: '' });
      await used.personal.putProfile({ userId: bob, username: 'Böb 🎉', avatarUrl: 'https://avatars.example/b' });
      await used.personal.putProfile({ userId: ann, username: 'Anna', avatarUrl: 'https://avatars.example/a' });
      const profiles = await used.personal.profiles([nobody, bob, ann, bob]);
      expect(profiles.toSorted((a, b) => (a.userId < b.userId ? -1 : 1))).toEqual([
        { userId: ann, username: 'Anna', avatarUrl: 'https://avatars.example/a' },
        { userId: bob, username: 'Böb 🎉', avatarUrl: 'https://avatars.example/b' },
      ]);
      expect(await used.personal.profiles([])).toEqual([]);
      expect(await used.personal.profiles([nobody])).toEqual([]);
    });

    it('forgets a user, and nobody else', async () => {
      const unique = used.cell.newChatId();
      const [ann, bob] = [userId(`${unique}-a`), userId(`${unique}-b`)];
      for (const one of [ann, bob]) await used.personal.putProfile({ userId: one, username: one, avatarUrl: '' });
      await used.personal.forget(ann);
      expect(await used.personal.profiles([ann, bob])).toEqual([{ userId: bob, username: bob, avatarUrl: '' }]);
      await used.personal.forget(ann);
      await used.personal.putProfile({ userId: ann, username: 'back', avatarUrl: '' });
      expect(await used.personal.profiles([ann])).toMatchObject([{ username: 'back' }]);
    });
  });
