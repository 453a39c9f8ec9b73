import { expect } from 'vitest';
import type { ChatView, LogPosition, MessageVersion } from '../../src/application/ports/chat-reader.ts';
import type { ChatSnapshot, EntryKey } from '../../src/application/ports/chat-store.ts';
import { blockStart } from '../../src/application/turn/key-log.ts';
import type { Entry } from '../../src/domain/chat/entry.ts';
import { type Micros, type Rev, rev, type Seq, seq, type UserId, userId } from '../../src/domain/ids.ts';
import type { ChatWriter } from '../support/decisions.ts';
import type { UsedCell } from './use-cell.ts';

export const positionOf = (entry: Entry): { rev: Rev; seq: Seq | undefined } => ({
  rev: entry.rev,
  seq: entry.type === 'message.posted' ? entry.seq : undefined,
});

const keyOf = (entry: Entry): EntryKey => ({
  ...positionOf(entry),
  senderId: entry.senderId,
  clientMessageId: entry.clientMessageId,
});

const firstBucketOf = ({ entries }: ChatWriter): number =>
  entries.findLast((entry) => entry.type === 'chat.trimmed')?.bucket ?? 0;

/** What the writer knows, as a snapshot. Maps are compared without their order: see the test about it. */
export const snapshotOf = (writer: ChatWriter): ChatSnapshot => {
  const { buckets, entries } = writer;
  const state = writer.state!;
  const recent = entries.slice(blockStart(state.nextRev) - 1);
  return {
    state: { ...state, lastPostAt: lastPosts(writer) },
    bucket: buckets.at(-1)!,
    firstBucket: firstBucketOf(writer),
    // An entry that is not kept any more still has a place among the keys: the next block begins where it begins.
    recent: recent.map((entry) =>
      entry.rev >= state.firstRev ? keyOf(entry) : expect.objectContaining({ rev: entry.rev }),
    ),
  };
};

/** In slow mode: who posted when, among the newest 100 posts and no longer ago than anybody waits. */
const lastPosts = ({ entries, state }: ChatWriter): ReadonlyMap<UserId, Micros> => {
  const { settings, firstSeq } = state!;
  const posts = entries.filter((entry) => entry.type === 'message.posted');
  const newest = posts.filter((post) => post.seq >= firstSeq).slice(-100);
  const since = (newest.at(-1)?.at ?? 0) - settings.slowModeMs * 1000;
  return new Map(newest.filter(({ at }) => at > since).map(({ senderId, at }) => [senderId, at]));
};

/** All texts of a message, as its log has them. */
export const versionsOf = ({ kept, state }: ChatWriter, at: number): MessageVersion[] =>
  at < state!.firstSeq
    ? []
    : kept.flatMap((entry) => {
        if (entry.type !== 'message.posted' && entry.type !== 'message.edited') return [];
        if (entry.seq !== at) return [];
        const version = entry.type === 'message.posted' ? 1 : entry.version;
        return [{ version, body: entry.body, at: entry.at, by: entry.senderId }];
      });

/** In the order that every store hands it out in: the creator first, then by id. */
export const membersOf = ({ state, entries }: ChatWriter): ChatView['members'] => {
  const creator = entries[0]!.senderId;
  const members = Array.from(state!.roster, ([userId, member]) => ({ userId, ...member }));
  const isCreator = (id: UserId) => Number(id === creator);
  return members.sort((a, b) => isCreator(b.userId) - isCreator(a.userId) || (a.userId < b.userId ? -1 : 1));
};

/** A line of this member's list of chats, when they have read up to `readSeq`. */
export const summaryOf = (writer: ChatWriter, user: string, readSeq = 0) => {
  const { id, kind, settings, roster, nextSeq, nextRev, firstSeq } = writer.state!;
  const member = roster.get(userId(user))!;
  const { fromSeq } = member;
  const lastSeq = nextSeq - 1;
  const hidden = hiddenFrom(writer, userId(user));
  const shown = writer.views.findLast(({ seq }) => seq >= fromSeq && seq > lastSeq - 100 && !hidden.has(seq));
  const unread = writer.views.filter(
    ({ seq, removed }) => seq > readSeq && seq >= fromSeq && seq >= firstSeq && removed === null,
  );
  return {
    id,
    kind,
    settings,
    member,
    lastMessage: shown ?? null,
    lastSeq,
    rev: nextRev - 1,
    activeAt: expect.any(Number),
    readSeq,
    unread: unread.length,
  };
};

/** The whole log from `since` on, by pages of `limit`; 'gone' when it begins too late. */
export const readLog = async (
  { reader }: Pick<UsedCell, 'reader'>,
  { chatId }: Pick<ChatWriter, 'chatId'>,
  since: LogPosition = { rev: rev(0), seq: seq(0) },
  limit = 7,
): Promise<readonly Entry[] | 'gone' | undefined> => {
  const entries: Entry[] = [];
  for (let position = since; ; ) {
    const page = await reader.changes(chatId, position, limit);
    if (page === 'gone' || page === undefined) return page;
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    entries.push(...page.entries);
    position = page.next;
    if (!page.hasMore) return entries;
    expect(page.entries).toHaveLength(limit);
  }
};

/** Everything that can be read of a chat is as its writer has it. */
export const expectWhole = async (used: UsedCell, writer: ChatWriter): Promise<void> => {
  const { reader, store } = used;
  const { chatId, kept, views, entries } = writer;
  const state = writer.state!;
  const { kind, settings, firstSeq, firstRev, nextSeq, nextRev, roster } = state;

  const snapshot = await store.open(chatId);
  expect(snapshot).toEqual(snapshotOf(writer));
  // What events list must not depend on where the roster came from.
  expect([...snapshot!.state.roster.keys()]).toEqual([...roster.keys()]);
  for (const entry of kept) expect(await store.entryAt(chatId, positionOf(entry))).toEqual(entry);
  for (const entry of entries.slice(0, firstRev - 1))
    expect(await store.entryAt(chatId, positionOf(entry))).toBeUndefined();

  const users = [...new Set([...entries.map(({ senderId }) => senderId), ...roster.keys()])].slice(0, 10);
  for (let at = 1; at <= nextSeq; at++) {
    for (const user of users) expect(await store.target(chatId, seq(at), user)).toEqual(writer.target(at, user));
    expect(await reader.message(chatId, seq(at))).toEqual(writer.view(at));
    expect(await reader.versions(chatId, seq(at))).toEqual(versionsOf(writer, at));
    expect(await reader.reactions(chatId, seq(at))).toEqual(writer.reactionsTo(at));
  }
  const page = await reader.page({ chatId, anchor: { at: 'newest' }, limit: 100, fromSeq: seq(1) });
  expect(page?.items).toEqual([...views].reverse().slice(0, 100));

  expect(await reader.chat(chatId)).toEqual({
    id: chatId,
    kind,
    settings,
    members: membersOf(writer),
    lastSeq: nextSeq - 1,
    rev: nextRev - 1,
    firstSeq,
    firstRev,
  });
  for (const user of users) {
    const { extent, ...standing } = (await reader.standing(chatId, user, true))!;
    // A store need not say from where to where the log goes.
    expect([undefined, writer.buckets.at(-1)!.bucket]).toContain(extent?.openBucket);
    expect([undefined, firstBucketOf(writer)]).toContain(extent?.firstBucket);
    expect([undefined, nextRev]).toContain(extent?.nextRev);
    expect(standing).toEqual({
      kind,
      settings,
      firstSeq,
      firstRev,
      member: roster.get(user),
    });
    expect(await reader.hidden(chatId, user, seq(1), nextSeq)).toEqual(hiddenFrom(writer, user));
  }
  expect(await reader.head(chatId)).toEqual({ rev: nextRev - 1, seq: nextSeq - 1 });
  expect(await readLog(used, writer, { rev: rev(firstRev - 1), seq: seq(firstSeq - 1) })).toEqual(kept);
  for (const bucket of await reader.integrity(chatId))
    expect(bucket).toMatchObject({ missingSeqs: [], missingRevs: [] });
};

/** What this user has deleted for themself, of what is kept. */
const hiddenFrom = ({ entries, state }: ChatWriter, user: UserId): ReadonlySet<Seq> =>
  new Set(
    entries.flatMap((entry) =>
      entry.type === 'message.deleted' &&
      entry.scope === 'me' &&
      entry.senderId === user &&
      entry.seq >= state!.firstSeq
        ? [entry.seq]
        : [],
    ),
  );
