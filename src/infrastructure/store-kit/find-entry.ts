import type { EntryKey, KeyBlock } from '../../application/ports/chat-store.ts';
import { rememberedEntries } from '../../application/turn/find-answer.ts';
import { KeyLog, type Position } from '../../application/turn/key-log.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import { type ClientMessageId, type Micros, micros, type Rev, rev, type UserId } from '../../domain/ids.ts';
import { keyHash } from '../../interface-adapters/amqp/command-identity.ts';

export type KeySource = {
  /** Those after the last complete block. */
  readonly recent: readonly EntryKey[];
  readonly nextRev: Rev;
  keyBlocks(before: Rev, since: Micros, maxEntries: number): Promise<readonly KeyBlock[]>;
  entryAt(position: Position): Promise<Entry | undefined>;
};

/** The entry that answered a command, found by its key as its writer finds it, as far back as commands are remembered by number. */
export const findEntry = async (
  { recent, nextRev, keyBlocks, entryAt }: KeySource,
  senderId: UserId,
  clientMessageId: ClientMessageId,
): Promise<Entry | undefined> => {
  const isAnswer = (key: { senderId: UserId; clientMessageId: ClientMessageId }) =>
    key.senderId === senderId && key.clientMessageId === clientMessageId;
  const known = recent.find(isAnswer);
  if (known !== undefined) return entryAt(known);

  const before = rev(nextRev - recent.length);
  const keys = new KeyLog(before);
  const blocks = await keyBlocks(before, micros(0), rememberedEntries);
  keys.prepend(blocks.map(({ blob }) => blob).reverse());
  for (const position of keys.find(keyHash(senderId, clientMessageId))) {
    const entry = await entryAt(position);
    if (entry !== undefined && isAnswer(entry)) return entry;
  }
  return undefined;
};
