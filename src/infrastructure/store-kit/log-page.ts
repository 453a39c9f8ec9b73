import type { ChangePage, LogPosition } from '../../application/ports/chat-reader.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import type { Rev } from '../../domain/ids.ts';

/** The page of the log after `since`, from posts and changes in any order. It is cut at the first missing rev: what lies above a hole
 *  belongs to a page that is asked for later. */
export const logPageOf = (found: readonly Entry[], since: LogPosition, limit: number, nextRev: Rev): ChangePage => {
  const entries: Entry[] = [];
  let next = since;
  for (const entry of found.toSorted((a, b) => a.rev - b.rev)) {
    if (entries.length === limit || entry.rev !== next.rev + 1) break;
    entries.push(entry);
    next = { rev: entry.rev, seq: entry.type === 'message.posted' ? entry.seq : next.seq };
  }
  return { entries, next, hasMore: next.rev < nextRev - 1 };
};
