import { describe, expect, it } from 'vitest';
import { type ChatId, shardNumber, type UserId, userId } from '../../src/domain/ids.ts';
import { patient, type StartCell } from '../support/cell-harness.ts';
import { useCell } from './use-cell.ts';

type Walk<E> = (after: string | undefined, limit: number) => Promise<readonly E[]>;

const walkThrough = async <E extends { readonly position: string }>(
  page: Walk<E>,
  limit: number,
  between?: () => Promise<unknown>,
): Promise<E[]> => {
  const found: E[] = [];
  for (;;) {
    const entries = await page(found.at(-1)?.position, limit);
    expect(entries.length).toBeLessThanOrEqual(limit);
    if (entries.length === 0) return found;
    found.push(...entries);
    await between?.();
  }
};

/** To the implementer: the store need not be empty. */
export const chatCatalogueContract = (name: string, start: StartCell) =>
  describe(`ChatCatalogue contract: ${name}`, patient, () => {
    const used = useCell(start);

    const claim = async (shard: number): Promise<ChatId> => {
      const id = used.cell.newChatId();
      await used.store.claimHome(id, shardNumber(shard));
      return id;
    };
    const chats: Walk<{ chatId: ChatId; home: number; position: string }> = (after, limit) =>
      used.catalogue.chats(after, limit);
    const idsOf = (entries: readonly { chatId: ChatId }[]) => entries.map(({ chatId }) => chatId);

    it('has every chat once, with its home, whatever the size of the pages', async () => {
      const mine = new Map<ChatId, number>();
      for (let n = 0; n < 40; n++) mine.set(await claim(n % 7), n % 7);
      for (const limit of [1, 7, 1_000]) {
        const found = await walkThrough(chats, limit);
        expect(new Set(idsOf(found)).size).toBe(found.length);
        const homes = new Map(found.map(({ chatId, home }) => [chatId, home]));
        for (const [id, home] of mine) expect(homes.get(id)).toBe(home);
      }
    });

    it('misses none of those that were there when the walk began, and shows none twice, while others are created', async () => {
      const before = await Promise.all(Array.from({ length: 20 }, (_, n) => claim(n % 16)));
      let more = 30;
      const found = await walkThrough(chats, 3, async () => more-- > 0 && claim(1));
      expect(idsOf(found)).toEqual(expect.arrayContaining(before));
      expect(new Set(idsOf(found)).size).toBe(found.length);
    });

    it('goes on from any position, also later', async () => {
      await Promise.all(Array.from({ length: 9 }, (_, n) => claim(n)));
      const all = await walkThrough(chats, 100);
      const middle = Math.floor(all.length / 2);
      expect(await used.catalogue.chats(all[middle]!.position, 2)).toEqual(all.slice(middle + 1, middle + 3));
    });

    const everOf = (user: UserId) => (after: string | undefined, limit: number) =>
      used.catalogue.chatsEverOf(user, after, limit);

    it('knows the chats that a user was ever in: founded, joined, left and come back to', async () => {
      const user = userId(used.cell.newChatId());
      const [founded, added, joined] = [used.writer(), used.writer(), used.writer()];
      const [left, back, strange] = [used.writer(), used.writer(), used.writer()];
      await used.write([
        founded.create({ sender: user }),
        added.create({ members: [user] }),
        joined.create(),
        joined.addMember(user),
        left.create({ members: [user] }),
        left.removeMember(user),
        back.create(),
        back.addMember(user),
        back.removeMember(user),
        back.addMember(user),
        strange.create(),
      ]);
      const expected = [founded, added, joined, left, back].map(({ chatId }) => chatId).sort();
      for (const limit of [1, 2, 100]) {
        const found = await walkThrough(everOf(user), limit);
        expect(idsOf(found).toSorted()).toEqual(expected);
      }
      expect(await used.catalogue.chatsEverOf(userId(used.cell.newChatId()), undefined, 10)).toEqual([]);
    });

    it('still knows them when the chat is trimmed, and when everything is projected again', async () => {
      const user = userId(used.cell.newChatId());
      const writer = used.writer();
      const decisions = [writer.create({ members: [user] }), writer.removeMember(user), writer.post()];
      writer.rollBucket();
      decisions.push(writer.post(), writer.trim(1));
      await used.write(decisions);
      await used.write(decisions);
      expect(idsOf(await used.catalogue.chatsEverOf(user, undefined, 10))).toEqual([writer.chatId]);
    });
  });
