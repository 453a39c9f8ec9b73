/** How much one append holds: decisions, and characters before compression. */
export type GroupSize = { readonly decisions: number; readonly length: number };

const maxDecisions = 512;
const maxLength = 256 * 1024;

export const emptyGroup: GroupSize = { decisions: 0, length: 0 };

/** Both together, or undefined when that is too much for one append. Whatever comes first fits: one decision may be longer. */
export const together = (size: GroupSize, decisions: number, length: number): GroupSize | undefined => {
  const sum = { decisions: size.decisions + decisions, length: size.length + length };
  return size.decisions === 0 || (sum.decisions <= maxDecisions && sum.length <= maxLength) ? sum : undefined;
};
