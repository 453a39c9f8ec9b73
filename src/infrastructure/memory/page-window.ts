import type { MessagePage, PageRequest } from '../../application/ports/chat-reader.ts';
import type { MessagePosted } from '../../domain/chat/entry.ts';

/** The positions of a chat's messages; 0 and 0 while nothing is posted. */
export type SeqRange = { readonly firstSeq: number; readonly lastSeq: number };

/** The seqs that a page asks for, both ends included; empty when `low > high`. */
export type PageWindow = { readonly low: number; readonly high: number };

const within = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** Around a message near an edge, the window moves so that the page is full. */
export const pageWindow = ({ anchor, limit }: PageRequest, { firstSeq, lastSeq }: SeqRange): PageWindow => {
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
export const pageOf = (found: readonly MessagePosted[], window: PageWindow, range: SeqRange): MessagePage => {
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
