import type { MessagePage, MessageView, PageRequest } from '../../application/ports/chat-reader.ts';
import type { Seq } from '../../domain/ids.ts';

/** The positions that a reader may see; 0 and 0 while nothing is posted there. */
export type SeqRange = { readonly firstSeq: number; readonly lastSeq: number };

/** An anchor by time becomes one `around` a seq before it gets here. */
export type SeqAnchor = Exclude<PageRequest['anchor'], { at: 'time' }>;
export type SeqPageRequest = { readonly anchor: SeqAnchor; readonly limit: number };

/** What is kept of a chat, as far as it is shown from `fromSeq` on. */
export const visibleRange = (chat: { firstSeq: Seq; nextSeq: Seq }, fromSeq: Seq): SeqRange => {
  const firstSeq = Math.max(chat.firstSeq, fromSeq);
  return firstSeq < chat.nextSeq ? { firstSeq, lastSeq: chat.nextSeq - 1 } : { firstSeq: 0, lastSeq: 0 };
};

/** The seqs that a page asks for, both ends included; empty when `low > high`. */
export type PageWindow = { readonly low: number; readonly high: number };

const within = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Around a message near an edge, the window moves so that the page is full. */
export const pageWindow = ({ anchor, limit }: SeqPageRequest, { firstSeq, lastSeq }: SeqRange): PageWindow => {
  if (lastSeq === 0) return { low: 1, high: 0 };
  const endingAt = (high: number): PageWindow => ({ low: Math.max(firstSeq, high - limit + 1), high });
  switch (anchor.at) {
    case 'newest':
      return endingAt(lastSeq);
    case 'before':
      return endingAt(within(anchor.seq - 1, firstSeq - 1, lastSeq));
    case 'after': {
      const low = within(anchor.seq + 1, firstSeq, lastSeq + 1);
      return { low, high: Math.min(lastSeq, low + limit - 1) };
    }
    case 'around': {
      const newer = Math.floor((limit - 1) / 2);
      const low = within(anchor.seq + newer - limit + 1, firstSeq, Math.max(firstSeq, lastSeq - limit + 1));
      return { low, high: Math.min(lastSeq, low + limit - 1) };
    }
  }
};

/** The page of what was found in the window, oldest first. It is cut at the first missing seq: what lies above a hole belongs
 *  to a page that is asked for later. */
export const pageOf = (found: readonly MessageView[], window: PageWindow, range: SeqRange): MessagePage => {
  let count = 0;
  while (count < found.length && found[count]!.seq === window.low + count) count++;
  return {
    items: found.slice(0, count).reverse(),
    hasOlder: range.lastSeq > 0 && window.low > range.firstSeq,
    hasNewer: window.low + count - 1 < range.lastSeq,
    firstSeq: range.firstSeq,
    lastSeq: range.lastSeq,
  };
};
