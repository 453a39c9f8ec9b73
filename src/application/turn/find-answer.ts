import type { Command } from '../../domain/chat/command.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import { type Micros, micros } from '../../domain/ids.ts';
import { microsOfMs } from '../../domain/time.ts';
import type { ChatStore } from '../ports/chat-store.ts';
import type { KeyHash } from './key-log.ts';
import type { ResidentChat } from './resident-chat.ts';

/** How long a command is remembered, and at most how many entries back. */
export const rememberedMicros: Micros = microsOfMs(7 * 24 * 3600 * 1000);
export const rememberedEntries = 50_000;

/** The entry that answered this (chat, sender, client_message_id) before, whatever its fingerprint. Reads the store only when
 *  the keys of older entries are not loaded yet, and to verify a hit. */
export const findAnswer = async (
  chat: ResidentChat,
  command: Command,
  hash: KeyHash,
  store: ChatStore,
  now: Micros,
): Promise<Entry | undefined> => {
  const known = await verified(chat, command, hash, store);
  if (known !== undefined || chat.keysLoaded) return known;
  const { keys } = chat;
  const blocks = await store.keyBlocks(chat.id, keys.firstRev, micros(now - rememberedMicros), rememberedEntries);
  keys.prepend(blocks.map((block) => block.blob).reverse());
  chat.keysLoaded = true;
  return verified(chat, command, hash, store);
};

/** True when `findAnswer` needs nobody: no hit, and nothing left to load. */
export const surelyNew = (chat: ResidentChat, hash: KeyHash): boolean =>
  chat.keysLoaded && chat.keys.find(hash).length === 0;

/** A hash is only a hint: the entry it points to must name the same sender and id. */
const verified = async (
  chat: ResidentChat,
  { senderId, clientMessageId }: Command,
  hash: KeyHash,
  store: ChatStore,
): Promise<Entry | undefined> => {
  for (const position of chat.keys.find(hash)) {
    const entry = await store.entryAt(chat.id, position);
    if (entry?.senderId === senderId && entry.clientMessageId === clientMessageId) return entry;
  }
  return undefined;
};
