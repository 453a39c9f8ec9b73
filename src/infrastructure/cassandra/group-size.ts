/** How much one append holds; bytes before compression. */
export type GroupSize = { readonly decisions: number; readonly bytes: number };

const maxDecisions = 512;
const maxBytes = 256 * 1024;

export const emptyGroup: GroupSize = { decisions: 0, bytes: 0 };

/** Both together, or undefined when that is too much for one append. Whatever comes first fits: one decision may be longer. */
export const together = (size: GroupSize, decisions: number, bytes: number): GroupSize | undefined => {
  const sum = { decisions: size.decisions + decisions, bytes: size.bytes + bytes };
  return size.decisions === 0 || (sum.decisions <= maxDecisions && sum.bytes <= maxBytes) ? sum : undefined;
};
