import type { EntryKey } from '../../application/ports/chat-store.ts';
import { blockStart, keysPerBlock, packKeys } from '../../application/turn/key-log.ts';
import { systemSender } from '../../domain/chat/system-sender.ts';
import { clientMessageId, type Rev, rev } from '../../domain/ids.ts';
import { keyHash } from '../../interface-adapters/amqp/command-identity.ts';

/** Where the blocks begin that hold the last `maxEntries` entries below `before`, down to `oldest`; newest first. Blocks are
 *  handed out whole: the last one may reach below either limit. */
export const blockStarts = (before: Rev, oldest: Rev, maxEntries: number): Rev[] => {
  const starts: Rev[] = [];
  const lowest = Math.max(oldest, before - maxEntries);
  for (
    let start = blockStart(before) - keysPerBlock;
    start > 0 && start + keysPerBlock > lowest;
    start -= keysPerBlock
  ) {
    starts.push(rev(start));
  }
  return starts;
};

/** The block that the writer of these entries, oldest first, would have written. */
export const rebuiltBlock = (entries: readonly EntryKey[]): Uint8Array =>
  packKeys(
    Uint32Array.from(
      entries.flatMap(({ senderId, clientMessageId, seq }) => {
        const { hi, lo } = keyHash(senderId, clientMessageId);
        return [hi, lo, seq ?? 0];
      }),
    ),
  );

/** Keys of a run of entries, oldest first, filled up so that it begins at `first`: what is not kept any more has a key that no command
 *  has, since the writer counts positions by the keys. */
export const filledUp = (kept: readonly EntryKey[], first: Rev, end: Rev): EntryKey[] => {
  const missing = (kept[0]?.rev ?? end) - first;
  return [...Array.from({ length: missing }, (_, index) => goneKey(rev(first + index))), ...kept];
};

const goneKey = (at: Rev): EntryKey => ({
  rev: at,
  seq: undefined,
  senderId: systemSender,
  clientMessageId: clientMessageId(`gone ${at}`),
});
