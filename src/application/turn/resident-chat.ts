import type { ChatState } from '../../domain/chat/chat-state.ts';
import { type ChatId, rev } from '../../domain/ids.ts';
import type { ChatSnapshot, OpenBucket } from '../ports/chat-store.ts';
import { type KeyHash, KeyLog } from './key-log.ts';

/** 64 bits of a digest over a command's sender and client message id. */
export type HashKey = (senderId: string, clientMessageId: string) => KeyHash;

/** A chat in memory, as its one writer sees it: the cached roster (the PIP), the head, and the keys of past commands. */
export type ResidentChat = {
  readonly id: ChatId;
  state: ChatState | undefined;
  bucket: OpenBucket | undefined;
  readonly keys: KeyLog;
  /** Whether `keys` goes back as far as commands are remembered. */
  keysLoaded: boolean;
  /** Whether a write sent after this chat was read has shown that the session is still ours. */
  confirmed: boolean;
};

export const residentChat = (id: ChatId, snapshot: ChatSnapshot | undefined, hashKey: HashKey): ResidentChat => {
  const nextRev = snapshot?.state.nextRev ?? rev(1);
  const recent = snapshot?.recent ?? [];
  const keys = new KeyLog(rev(nextRev - recent.length));
  for (const key of recent) keys.append(hashKey(key.senderId, key.clientMessageId), key.seq);
  return {
    id,
    state: snapshot?.state,
    bucket: snapshot?.bucket,
    keys,
    keysLoaded: keys.firstRev === 1,
    confirmed: false,
  };
};
