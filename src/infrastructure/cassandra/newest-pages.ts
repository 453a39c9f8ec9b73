import { LRUCache } from 'lru-cache';
import type { LogExtent, MessagePage, MessageView, PageRequest } from '../../application/ports/chat-reader.ts';
import type { ChatId } from '../../domain/ids.ts';
import { pageOf, pageWindow, visibleRange } from '../store-kit/page-window.ts';
import type { Head } from './chat-log.ts';

/** A bucket's newest messages, oldest first, and the head that was read with them. */
export type Newest = { readonly head: Head; readonly messages: readonly MessageView[] };
type Shown = Pick<PageRequest, 'limit' | 'fromSeq'>;
type Kept = Newest & { readonly shown: Shown; readonly page: MessagePage };

/** Newest pages that lie in the open bucket as a whole: none has to be read where the log still ends as it did when it was read before.
 *  Whatever a page shows lies in one partition with the bucket's `next_rev`, and is written in one batch with it, so messages read with
 *  a `next_rev` are those of every read that finds the same one (ADR-012). Only entries of later buckets change them without, and before those are
 *  announced the bucket is not the open one any more. */
export class NewestPages {
  readonly #kept: LRUCache<ChatId, Kept>;
  #hits = 0;

  /** `maxBytes`: what the kept pages may take with their JSON, by estimate. */
  constructor(maxBytes: number) {
    this.#kept = new LRUCache({ maxSize: maxBytes, sizeCalculation: ({ messages }) => bytesOf(messages) });
  }

  /** Pages answered without a read of messages, so far. */
  get hits(): number {
    return this.#hits;
  }

  /** The bucket whose end tells whether what is kept of a chat still holds. */
  bucketOf(chatId: ChatId): number | undefined {
    return this.#kept.peek(chatId)?.head.bucket;
  }

  find({ chatId, limit, fromSeq }: PageRequest, { openBucket, nextRev }: LogExtent): MessagePage | undefined {
    if (nextRev === undefined) return undefined;
    const kept = this.#kept.get(chatId);
    if (kept === undefined || kept.head.bucket !== openBucket || kept.head.nextRev !== nextRev) return undefined;
    const isSame = kept.shown.limit === limit && kept.shown.fromSeq === fromSeq;
    const page = isSame ? kept.page : pageWithin(kept, { limit, fromSeq });
    if (page === undefined || page.hasNewer) return undefined;
    this.#hits++;
    return page;
  }

  /** Makes the page of what was read of the open bucket; undefined when it does not lie there as a whole. */
  keep({ chatId, limit, fromSeq }: PageRequest, newest: Newest): MessagePage | undefined {
    const shown = { limit, fromSeq };
    const page = pageWithin(newest, shown);
    if (page !== undefined && page.items.length > 0 && !page.hasNewer)
      this.#kept.set(chatId, { ...newest, shown, page });
    return page;
  }
}

const pageWithin = ({ head, messages }: Newest, { limit, fromSeq }: Shown): MessagePage | undefined => {
  // Whoever asks has seen to it that `fromSeq` is kept.
  const range = visibleRange({ firstSeq: fromSeq, nextSeq: head.nextSeq }, fromSeq);
  const window = pageWindow({ anchor: { at: 'newest' }, limit }, range);
  if (window.low > window.high) return pageOf([], window, range);
  const page = pageOf(
    messages.filter(({ seq }) => seq >= window.low),
    window,
    range,
  );
  // What begins in an earlier bucket has a hole at its beginning here, and is cut there.
  return page.items.length > 0 ? page : undefined;
};

/** Of each message two objects and its JSON; what may be long counts for both, in two bytes a character. */
const bytesOf = (messages: readonly MessageView[]): number =>
  messages.reduce((bytes, { body, post: { extras }, reactions, recipients }) => {
    const long = JSON.stringify([body, extras, reactions]).length;
    return bytes + 1_500 + 4 * long + 80 * (recipients?.length ?? 0);
  }, 1_000);
