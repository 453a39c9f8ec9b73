import type { EntryKey, KeyBlock } from '../../application/ports/chat-store.ts';
import { keysPerBlock } from '../../application/turn/key-log.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import { type Micros, type Rev, rev, type Seq } from '../../domain/ids.ts';
import { blockStarts, filledUp, rebuiltBlock } from '../store-kit/key-blocks.ts';
import type { ChatRecord } from './chat-record.ts';

/** Of a post; undefined of any other entry. */
export const seqOf = (entry: Entry): Seq | undefined => (entry.type === 'message.posted' ? entry.seq : undefined);

/** The keys of entries first … end − 1. */
export const keysBetween = ({ entries }: ChatRecord, first: Rev, end: Rev): EntryKey[] => {
  const kept = entries.filter((entry) => entry.rev >= first && entry.rev < end);
  const keys = kept.map((entry) => ({
    rev: entry.rev,
    seq: seqOf(entry),
    senderId: entry.senderId,
    clientMessageId: entry.clientMessageId,
  }));
  return filledUp(keys, first, end);
};

export const keyBlocksOf = (chat: ChatRecord, before: Rev, since: Micros, maxEntries: number): KeyBlock[] => {
  const openThen = [...chat.buckets.values()].findLast((bucket) => bucket.startedAt <= since);
  const oldest = openThen?.firstRev ?? chat.state.firstRev;
  return blockStarts(before, oldest, maxEntries).map((firstRev) => ({
    firstRev,
    blob: chat.keyBlocks.get(firstRev) ?? rebuiltBlock(keysBetween(chat, firstRev, rev(firstRev + keysPerBlock))),
  }));
};
