import { type EraseMessages, maxErasedAtOnce } from '../../domain/chat/command.ts';
import { type ChatId, type Seq, seq, type UserId } from '../../domain/ids.ts';
import type { CataloguePosition, ChatCatalogue } from '../ports/chat-catalogue.ts';
import type { ChatReader } from '../ports/chat-reader.ts';
import type { PersonalStore } from '../ports/personal-store.ts';
import type { Clock } from '../ports/system.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { orUnavailable } from './result.ts';
import type { runCommand } from './run-command.ts';

export type EraseUserDeps = {
  readonly catalogue: ChatCatalogue;
  readonly reader: Pick<ChatReader, 'page'>;
  readonly personal: Pick<PersonalStore, 'forget'>;
  readonly runCommand: ReturnType<typeof runCommand>;
  readonly eraseCommand: (chatId: ChatId, userId: UserId, seqs: readonly Seq[]) => EraseMessages;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
};

/** How far an erasure has come: all chats up to and including `after`, and in the next one everything up to and including `seq`. */
export type ErasurePosition = { readonly after: CataloguePosition | undefined; readonly seq: number };

export type ErasureRequest = {
  readonly userId: UserId;
  readonly from: ErasurePosition;
  /** Go through all chats there are, not only those that the index has: for what was left before there was one. */
  readonly allChats: boolean;
};

export type ErasedChat = { readonly chatId: ChatId; erased: number; alreadyErased: number };

export type ErasureStep = {
  readonly done: boolean;
  /** Where to go on; undefined when it is done. */
  readonly next: ErasurePosition | undefined;
  /** Those with messages of the user, as far as this step has come. */
  readonly chats: readonly ErasedChat[];
  readonly failed: readonly { readonly chatId: ChatId; readonly code: string; readonly reason: string }[];
};

/** One step ends after so many erased messages or so much time, whichever comes first. */
export const erasureBudget = { messages: 1_000, ms: 5_000 };

const pageSize = maxErasedAtOnce;
const commandTimeoutMs = 5_000;

export const erasureStart: ErasurePosition = { after: undefined, seq: 0 };

/** Blanks what a user has written, a bounded piece at a time: every message in every version, deleted or not, in every chat they were
 *  ever in; at last their profile. Any step may be repeated. What a chat refuses is reported and passed over. A technical failure ends
 *  the step; it is thrown (Unavailable, SendFailed) when the step had come to nothing yet. */
export const eraseUser =
  (deps: EraseUserDeps) =>
  async ({ userId, from, allChats }: ErasureRequest): Promise<ErasureStep> => {
    const { catalogue, personal, clock } = deps;
    const deadline = clock.monotonicMs() + erasureBudget.ms;
    const progress: Progress = { position: from, chats: [], failed: [], erased: 0 };
    const hasTime = () => progress.erased < erasureBudget.messages && clock.monotonicMs() < deadline;
    const nextChat = async () => {
      const { after } = progress.position;
      const page = allChats ? catalogue.chats(after, 1) : catalogue.chatsEverOf(userId, after, 1);
      return (await page)[0];
    };
    try {
      do {
        const entry = await orUnavailable('STORAGE_UNAVAILABLE', nextChat);
        if (entry === undefined) {
          await orUnavailable('STORAGE_UNAVAILABLE', () => personal.forget(userId));
          return { done: true, next: undefined, chats: progress.chats, failed: progress.failed };
        }
        if (await eraseInChat(deps, userId, entry.chatId, progress, hasTime))
          progress.position = { after: entry.position, seq: 0 };
      } while (hasTime());
    } catch (error) {
      const { after, seq } = progress.position;
      if (after === from.after && seq === from.seq) throw error;
    }
    return { done: false, next: progress.position, chats: progress.chats, failed: progress.failed };
  };

type Progress = {
  position: ErasurePosition;
  readonly chats: ErasedChat[];
  readonly failed: ErasureStep['failed'][number][];
  erased: number;
};

/** False when time ran out before the chat was through. */
const eraseInChat = async (
  deps: EraseUserDeps,
  userId: UserId,
  chatId: ChatId,
  progress: Progress,
  hasTime: () => boolean,
): Promise<boolean> => {
  const { reader, runCommand, eraseCommand, telemetry } = deps;
  const found: ErasedChat = { chatId, erased: 0, alreadyErased: 0 };
  for (;;) {
    const anchor = { at: 'after' as const, seq: seq(progress.position.seq) };
    const limit = Math.min(pageSize, erasureBudget.messages - progress.erased);
    const page = await orUnavailable('STORAGE_UNAVAILABLE', () =>
      reader.page({ chatId, anchor, limit, fromSeq: seq(1) }),
    );
    if (page === undefined) return true;
    const theirs = page.items.filter(({ post }) => post.senderId === userId);
    const seqs = theirs.filter(({ removed }) => removed !== 'erased').map((message) => message.seq);
    if (theirs.length > 0 && !progress.chats.includes(found)) progress.chats.push(found);
    if (seqs.length > 0) {
      const result = await runCommand(eraseCommand(chatId, userId, seqs.toReversed()), commandTimeoutMs);
      // Somebody else has erased them, or retention has dropped them, since the page was read.
      const isGone = result.kind === 'rejected' && result.rejection.code === 'TARGET_NOT_FOUND';
      if (result.kind === 'rejected' && !isGone) {
        progress.failed.push({ chatId, code: result.rejection.code, reason: result.rejection.reason });
        return true;
      }
      const erased = isGone ? 0 : seqs.length;
      found.erased += erased;
      found.alreadyErased += seqs.length - erased;
      progress.erased += erased;
      telemetry.add('erasedMessages', erased);
    }
    found.alreadyErased += theirs.length - seqs.length;
    if (!page.hasNewer) return true;
    // Where a message is missing there is nothing to erase.
    const reached = page.items[0]?.seq ?? Math.max(progress.position.seq + 1, page.firstSeq);
    progress.position = { ...progress.position, seq: reached };
    if (!hasTime()) return false;
  }
};
