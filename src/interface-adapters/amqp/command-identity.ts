import { hash } from 'node:crypto';
import type { KeyHash } from '../../application/turn/key-log.ts';

/** 64 bits of SHA-256 over sender and client message id: what the key log keeps of a command. Neither text can hold a newline. */
export const keyHash = (senderId: string, clientMessageId: string): KeyHash => {
  // A third of what a buffer costs.
  const digest = hash('sha256', `${senderId}\n${clientMessageId}`, 'latin1');
  return { hi: wordAt(digest, 0), lo: wordAt(digest, 4) };
};

/** Four bytes, big-endian, of a string that holds one in each unit. */
const wordAt = (bytes: string, at: number): number =>
  ((bytes.charCodeAt(at) << 24) |
    (bytes.charCodeAt(at + 1) << 16) |
    (bytes.charCodeAt(at + 2) << 8) |
    bytes.charCodeAt(at + 3)) >>>
  0;

/** 96 bits of SHA-256 over what a command asks for, in base64url (16 characters). */
export const fingerprintOf = (content: readonly unknown[]): string => {
  // Not sixteen characters of the digest in base64url: V8 would keep all of it, for as long as the command is under way.
  const digest = hash('sha256', JSON.stringify(content), 'latin1');
  return btoa(digest.slice(0, 12)).replaceAll('+', '-').replaceAll('/', '_');
};

/** The id of a direct chat: the same two users always have the same one. `canonicalIds` as they are inside, in any order. */
export const directChatId = (canonicalIds: readonly [string, string]): string =>
  `d-${hash('sha256', [...canonicalIds].sort().join('\n'), 'hex').slice(0, 32)}`;

/** The id of a group made over HTTP: repeating the request gives the same chat. */
export const groupChatId = (creatorId: string, clientMessageId: string): string =>
  `g-${hash('sha256', `${creatorId}\n${clientMessageId}`, 'hex').slice(0, 32)}`;

/** The id of the one chat of exactly these users, when they are not two. */
export const setChatId = (canonicalIds: readonly string[]): string =>
  `s-${hash('sha256', [...canonicalIds].sort().join('\n'), 'hex').slice(0, 32)}`;
