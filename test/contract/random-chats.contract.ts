import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Decision } from '../../src/application/decision.ts';
import type { MessageView } from '../../src/application/ports/chat-reader.ts';
import type { ChatState } from '../../src/domain/chat/chat-state.ts';
import type { Entry } from '../../src/domain/chat/entry.ts';
import { evolve } from '../../src/domain/chat/evolve.ts';
import { evolveMessage, type MessageState, posted } from '../../src/domain/chat/message-state.ts';
import { type ChatId, micros, type Seq, seq, userId } from '../../src/domain/ids.ts';
import { patient, type StartCell } from '../support/cell-harness.ts';
import { type ChatWriter, someExtras, type Told, type Wish } from '../support/decisions.ts';
import { expectWhole, readLog, summaryOf } from './expected.ts';
import { type UsedCell, useCell } from './use-cell.ts';

const users = ['1', '2', '3', '4', '5'];
const emoji = ['👍', '❤️', '🎉'];

/** A message's number: some are there, some are not. */
const someSeq = fc.integer({ min: 1, max: 12 }).map(seq);
const someUser = fc.constantFrom(...users).map(userId);
const body = fc.constantFrom('', 'short', 'a\0b', '語 👩‍👩‍👧‍👦');

const wish: fc.Arbitrary<Wish> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      type: fc.constant('message.post' as const),
      body,
      extras: fc.constantFrom(null, null, { ...someExtras, mentions: [] }),
      recipientId: fc.constant(undefined),
      seedForm: fc.constant(false),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant('message.edit' as const),
      seq: someSeq,
      body,
      ifVersion: fc.constantFrom(undefined, undefined, 1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      type: fc.constant('message.delete' as const),
      seq: someSeq,
      scope: fc.constantFrom('everyone' as const, 'me' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constant('message.erase' as const),
      userId: someUser,
      seqs: fc.uniqueArray(someSeq, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constantFrom('reaction.add' as const, 'reaction.add' as const, 'reaction.remove' as const),
      seq: someSeq,
      emoji: fc.constantFrom(...emoji),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      type: fc.constantFrom('member.add' as const, 'member.set_role' as const),
      userId: someUser,
      role: fc.constantFrom('owner' as const, 'admin' as const, 'member' as const, 'guest' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ type: fc.constant('member.remove' as const), userId: someUser }) },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('member.mute' as const),
      userId: someUser,
      until: fc.constantFrom(null, micros(9e15)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      type: fc.constant('chat.update' as const),
      settings: fc.record(
        {
          title: fc.constantFrom(null, 'one', 'two'),
          closed: fc.boolean(),
          slowModeMs: fc.constantFrom(0, 3_000),
          history: fc.constantFrom('joined' as const, 'full' as const),
        },
        { requiredKeys: [] },
      ),
    }),
  },
);

type Step =
  | { readonly kind: 'command'; readonly wish: Wish; readonly sender: string }
  | { readonly kind: 'roll' }
  | { readonly kind: 'trim' };

const step = (trims: boolean): fc.Arbitrary<Step> =>
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({ kind: fc.constant('command' as const), wish, sender: fc.constantFrom(...users) }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'roll' as const }) },
    ...(trims ? [{ weight: 1, arbitrary: fc.constant({ kind: 'trim' as const }) }] : []),
  );

/** What the steps make of a chat, as its one writer would decide it. Much is rejected: that is stored as nothing. */
const decisionsOf = (writer: ChatWriter, witness: string, steps: readonly Step[]): Decision[] => {
  const decisions: (Decision | 'exists')[] = [writer.create({ members: ['2', '3', witness] })];
  for (const [index, each] of steps.entries()) {
    const told: Told = { clientMessageId: `step ${index}` };
    if (each.kind === 'roll') writer.rollBucket();
    else if (each.kind === 'command') {
      const isSystems = each.wish.type === 'message.erase';
      decisions.push(writer.attempt(each.wish, isSystems ? told : { ...told, sender: each.sender }));
    } else {
      const { bucket, firstSeq, firstRev } = writer.buckets.at(-1)!;
      decisions.push(writer.attempt({ type: 'chat.trim', bucket, firstSeq, firstRev }, told));
    }
  }
  return decisions.filter((decision) => decision !== 'exists');
};

/** In groups of 1, 2, 3 … as they may come. */
const groupsOf = (decisions: readonly Decision[], sizes: readonly number[]): Decision[][] => {
  const groups: Decision[][] = [];
  for (let from = 0, index = 0; from < decisions.length; index++) {
    const size = sizes[index % sizes.length]!;
    groups.push(decisions.slice(from, from + size));
    from += size;
  }
  return groups;
};

const fold = (entries: readonly Entry[]): { state: ChatState | undefined; messages: MessageState[] } => {
  const messages = new Map<Seq, MessageState>();
  let state: ChatState | undefined;
  for (const entry of entries) {
    state = evolve(state, entry);
    if (entry.type === 'message.posted') messages.set(entry.seq, posted(entry));
    else for (const [at, message] of messages) messages.set(at, evolveMessage(message, entry));
  }
  return { state, messages: [...messages.values()] };
};

/** Oldest first, by pages of so many. */
const allPages = async ({ reader }: UsedCell, chatId: ChatId, limit: number): Promise<readonly MessageView[]> => {
  const views: MessageView[] = [];
  for (let hasOlder = true; hasOlder; ) {
    const oldest = views.at(-1);
    const anchor = oldest === undefined ? ({ at: 'newest' } as const) : ({ at: 'before', seq: oldest.seq } as const);
    const page = (await reader.page({ chatId, anchor, limit, fromSeq: seq(1) }))!;
    views.push(...page.items);
    hasOlder = page.hasOlder;
  }
  return views.reverse();
};

/** A page that begins with a member's standing, and may be one that the store has kept, is the one that has to look for everything. */
const expectSamePages = async ({ reader }: UsedCell, { chatId, state }: ChatWriter): Promise<void> => {
  const middle = seq(Math.ceil(state!.nextSeq / 2));
  const anchors = [
    ...[100, 9, 5, 3, 2, 1].map((limit) => ({ limit, anchor: { at: 'newest' } as const })),
    ...(['before', 'after', 'around'] as const).map((at) => ({ limit: 3, anchor: { at, seq: middle } })),
  ];
  for (const user of users) {
    for (const where of anchors) {
      const standing = await reader.standing(chatId, userId(user), where.anchor.at === 'newest');
      if (standing?.member === undefined) continue;
      const fromSeq = seq(Math.max(standing.member.fromSeq, standing.firstSeq));
      const request = { chatId, ...where, fromSeq };
      expect(await reader.page({ ...request, extent: standing.extent })).toEqual(await reader.page(request));
    }
  }
};

/** Who has reacted to a message, by the log alone: whatever became of the message, they did. */
const reactionsIn = (entries: readonly Entry[], at: Seq) => {
  const emojiOf = new Map(users.map((user) => [user, new Set<string>()]));
  for (const entry of entries) {
    if (entry.type === 'reaction.added' && entry.seq === at) emojiOf.get(entry.senderId)!.add(entry.emoji);
    else if (entry.type === 'reaction.removed' && entry.seq === at) emojiOf.get(entry.senderId)!.delete(entry.emoji);
  }
  return users.flatMap((userId) =>
    emojiOf.get(userId)!.size > 0 ? [{ userId, emoji: [...emojiOf.get(userId)!].sort() }] : [],
  );
};

/** `max`: fast-check is content with a handful otherwise, of which half is rejected. */
const chatOf = (trims: boolean) => fc.array(step(trims), { minLength: 5, maxLength: 60, size: 'max' });
const sizes = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });

/** To the implementer: fast-check prints the seed and the smallest chat that fails. */
export const randomChatsContract = (name: string, start: StartCell, numRuns: number) =>
  describe(`Any chat: ${name}`, patient, () => {
    const used = useCell(start);
    const writeAll = async (decisions: readonly Decision[], groups: readonly number[]) => {
      await Promise.all(groupsOf(decisions, groups).map((group) => used.write(group)));
    };

    it('reads the same by its log as by its pages and its state', async () => {
      await fc.assert(
        fc.asyncProperty(chatOf(false), sizes, async (steps, groups) => {
          const writer = used.writer();
          await writeAll(decisionsOf(writer, `w-${writer.chatId}`, steps), groups);
          const entries = await readLog(used, writer);
          if (entries === 'gone' || entries === undefined) throw new Error(`the log is ${entries}`);
          const { state, messages } = fold(entries);
          const { chatId } = writer;
          const opened = (await used.store.open(chatId))!.state;
          // In slow mode a store knows more than the log tells: who posted before it began.
          expect({ ...opened, lastPostAt: undefined }).toEqual({ ...state, lastPostAt: undefined });
          const { members, settings, rev, lastSeq } = (await used.reader.chat(chatId))!;
          expect({ settings, rev, lastSeq }).toEqual({
            settings: state!.settings,
            rev: state!.nextRev - 1,
            lastSeq: state!.nextSeq - 1,
          });
          expect(new Map(members.map(({ userId, ...member }) => [userId, member]))).toEqual(state!.roster);
          // An erasure blanks what the log says of the message before it, so its fold is blank from the beginning.
          const views = await allPages(used, chatId, groups[0]!);
          expect(views.map(({ chatId: _, recipients: __, ...message }) => message)).toEqual(messages);
          for (const { seq } of messages)
            expect(await used.reader.reactions(chatId, seq)).toEqual(reactionsIn(entries, seq));
        }),
        { numRuns },
      );
    });

    it('is read as its writer has it, trimmed or not, and again when all of it is written again', async () => {
      await fc.assert(
        fc.asyncProperty(chatOf(true), sizes, async (steps, groups) => {
          const writer = used.writer();
          const witness = `w-${writer.chatId}`;
          const decisions = decisionsOf(writer, witness, steps);
          await writeAll(decisions, groups);
          await expectWhole(used, writer);
          await expectSamePages(used, writer);
          await used.write(decisions);
          await expectWhole(used, writer);
          const list = await used.reader.chatsOf({ userId: userId(witness), limit: 9, after: undefined });
          expect(list).toEqual([summaryOf(writer, witness)]);
        }),
        { numRuns },
      );
    });
  });
