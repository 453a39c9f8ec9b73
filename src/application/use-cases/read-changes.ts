import type { Entry } from '../../domain/chat/entry.ts';
import { type ChatId, type Rev, rev, type Seq, seq, type UserId } from '../../domain/ids.ts';
import type { LogPosition } from '../ports/chat-reader.ts';
import { notKept, type ReadDeps, type ReadRequest, readAccess } from './read-access.ts';
import { noSuchChat, orUnavailable, type Refused, refused } from './result.ts';

/** An entry as one member sees it. Of one that is not for their eyes only the rev is told, so that revs stay without gaps. */
export type SeenEntry = Entry | { readonly type: 'none'; readonly rev: Rev };

export type ReadChangesResult =
  | {
      readonly kind: 'ok';
      readonly entries: readonly SeenEntry[];
      readonly next: LogPosition;
      readonly hasMore: boolean;
    }
  | Refused;

/** Every entry after `since`, in order, without gaps; from the beginning of what this member may see when it is undefined. */
export const readChanges =
  (deps: ReadDeps) =>
  async (request: ReadRequest, since: LogPosition | undefined, limit: number): Promise<ReadChangesResult> => {
    const access = await readAccess(deps, request);
    if (access.kind === 'rejected') return access;
    const { chatId, userId } = request;
    const from = since ?? { rev: rev(access.fromRev - 1), seq: seq(access.fromSeq - 1) };
    if (from.rev < access.fromRev - 1)
      return notKept(access, 'What came before is not kept, or is not yours to see: start anew.');
    const page = await orUnavailable('STORAGE_UNAVAILABLE', () => deps.reader.changes(chatId, from, limit));
    if (page === undefined) return refused(noSuchChat);
    if (page === 'gone') {
      // Dropped since the first look.
      const now = await readAccess(deps, request);
      return now.kind === 'rejected' ? now : notKept(now, 'What came before is not kept: start anew.');
    }
    const gone = await orUnavailable('STORAGE_UNAVAILABLE', () => removedAmong(deps, chatId, page.entries));
    const seen = page.entries.map((entry) => asSeen(entry, userId, access.fromSeq));
    return { kind: 'ok', ...page, entries: seen.map((entry) => withoutText(entry, gone)) };
  };

/** The messages of these entries that are gone by now: their texts are not given out again, though the log has them. */
const removedAmong = async (
  { reader }: ReadDeps,
  chatId: ChatId,
  entries: readonly Entry[],
): Promise<ReadonlySet<Seq>> => {
  const posts = entries.filter((entry) => entry.type === 'message.posted').map(({ seq }) => seq);
  const edited = new Set(entries.filter((entry) => entry.type === 'message.edited').map(({ seq }) => seq));
  for (const seq of posts) edited.delete(seq);
  const [first] = posts;
  const messages = await Promise.all([
    first === undefined
      ? []
      : reader
          .page({
            chatId,
            anchor: { at: 'after', seq: seq(first - 1) },
            limit: posts.at(-1)! - first + 1,
            fromSeq: seq(1),
          })
          .then((page) => page?.items ?? []),
    ...[...edited].map(async (at) => (await reader.message(chatId, at)) ?? []),
  ]);
  return new Set(
    messages
      .flat()
      .filter(({ removed }) => removed !== null)
      .map(({ seq }) => seq),
  );
};

const withoutText = (entry: SeenEntry, gone: ReadonlySet<Seq>): SeenEntry => {
  if (entry.type !== 'message.posted' && entry.type !== 'message.edited') return entry;
  if (!gone.has(entry.seq)) return entry;
  return entry.type === 'message.posted'
    ? { ...entry, body: '', extras: null }
    : { ...entry, body: '', post: { ...entry.post, extras: null } };
};

const asSeen = (entry: Entry, userId: UserId, fromSeq: Seq): SeenEntry => {
  const isForOthers = entry.type === 'message.deleted' && entry.scope === 'me' && entry.senderId !== userId;
  const isBefore = 'seq' in entry && entry.seq < fromSeq;
  return isForOthers || isBefore ? { type: 'none', rev: entry.rev } : entry;
};
