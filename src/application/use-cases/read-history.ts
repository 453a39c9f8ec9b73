import { type Seq, seq } from '../../domain/ids.ts';
import type { MessagePage, MessageVersion, MessageView, PageRequest } from '../ports/chat-reader.ts';
import { notKept, type ReadAccess, type ReadDeps, type ReadRequest, readAccess } from './read-access.ts';
import { noSuchChat, orUnavailable, type Refused, refused } from './result.ts';

export type ReadHistoryResult = { readonly kind: 'ok'; readonly page: MessagePage } | Refused;

/** One page of a chat's messages, as this user sees them. No right is an error, never an empty page. */
export const readHistory =
  (deps: ReadDeps) =>
  async (request: ReadRequest, where: Pick<PageRequest, 'anchor' | 'limit'>): Promise<ReadHistoryResult> => {
    const { chatId, userId, minRev } = request;
    // What is waited for comes after the log's end that was there before.
    const isPrompt = minRev === undefined;
    const access = await readAccess(deps, request, isPrompt && where.anchor.at === 'newest');
    if (access.kind === 'rejected') return access;
    if (isGone(where.anchor, access)) return notKept(access);
    return orUnavailable('STORAGE_UNAVAILABLE', async () => {
      const extent = isPrompt ? access.standing.extent : undefined;
      const page = await deps.reader.page({ chatId, ...where, fromSeq: access.fromSeq, extent });
      if (page === undefined) return refused(noSuchChat);
      const [newest, oldest] = [page.items[0], page.items.at(-1)];
      if (!access.member.hides || newest === undefined || oldest === undefined) return { kind: 'ok', page };
      const hidden = await deps.reader.hidden(chatId, userId, oldest.seq, newest.seq);
      return { kind: 'ok', page: { ...page, items: page.items.map((item) => asSeen(item, hidden)) } };
    });
  };

/** The page would begin with messages that are not kept any more. From the very beginning (`after` 0) and by time pages begin with what is
 *  kept; what a member may not see for other reasons is no hole to them. */
const isGone = (anchor: PageRequest['anchor'], { standing: { firstSeq } }: ReadAccess): boolean => {
  switch (anchor.at) {
    case 'before':
      return firstSeq > 1 && anchor.seq <= firstSeq;
    case 'after':
      return anchor.seq > 0 && anchor.seq + 1 < firstSeq;
    case 'around':
      return anchor.seq < firstSeq;
    case 'newest':
    case 'time':
      return false;
  }
};

const asSeen = (message: MessageView, hidden: ReadonlySet<Seq>): MessageView =>
  hidden.has(message.seq) ? { ...message, removed: message.removed ?? 'deleted' } : message;

const noSuchMessage = refused({ code: 'TARGET_NOT_FOUND', reason: 'There is no such message.' });

type MessageRequest = ReadRequest & { readonly seq: Seq };

/** Runs `read` when this user may see that message. */
const ofMessage =
  <T>(deps: ReadDeps, read: (request: MessageRequest, message: MessageView) => Promise<T>) =>
  async (request: MessageRequest): Promise<{ readonly kind: 'ok'; readonly found: T } | Refused> => {
    const access = await readAccess(deps, request);
    if (access.kind === 'rejected') return access;
    if (request.seq < access.standing.firstSeq) return notKept(access);
    if (request.seq < access.fromSeq) return noSuchMessage;
    return orUnavailable('STORAGE_UNAVAILABLE', async () => {
      const message = await deps.reader.message(request.chatId, request.seq);
      if (message === undefined) return noSuchMessage;
      const hidden = access.member.hides
        ? await deps.reader.hidden(request.chatId, request.userId, seq(request.seq), seq(request.seq))
        : new Set<Seq>();
      return { kind: 'ok', found: await read(request, asSeen(message, hidden)) };
    });
  };

export const readMessage = (deps: ReadDeps) => ofMessage(deps, async (_, message) => message);

/** Of a message that is gone none. */
export const readVersions = (deps: ReadDeps) =>
  ofMessage<readonly MessageVersion[]>(deps, async ({ chatId, seq }, { removed }) =>
    removed === null ? deps.reader.versions(chatId, seq) : [],
  );

export const readReactions = (deps: ReadDeps) =>
  ofMessage(deps, async ({ chatId, seq }, { removed }) => (removed === null ? deps.reader.reactions(chatId, seq) : []));
