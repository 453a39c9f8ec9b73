/** How far back a chat's line looks for a message that its reader has not deleted for themself. */
const span = 100;

/** Where to look for what one reader has hidden. */
export const lastShownFrom = (first: number, lastSeq: number): number => Math.max(first, lastSeq - span + 1);

/** The newest message that the reader still sees, of those from `low` on; undefined when they have hidden all of them. */
export const lastShown = (low: number, lastSeq: number, hidden: ReadonlySet<number>): number | undefined => {
  for (let at = lastSeq; at >= low; at--) if (!hidden.has(at)) return at;
  return undefined;
};
