import type { ReadMarker } from '../../application/ports/chat-reader.ts';
import type { Member } from '../../domain/chat/roster.ts';
import type { Seq } from '../../domain/ids.ts';

/** What lies above this seq is unread, unless it is deleted. Never below what the member may see of what is kept. */
export const readUpTo = (
  { readSeq, unreadFrom }: ReadMarker,
  member: Member,
  chat: { readonly firstSeq: Seq },
): number => Math.max(unreadFrom === null ? readSeq : unreadFrom - 1, member.fromSeq - 1, chat.firstSeq - 1);

/** `deletedAbove`: how many messages above `upTo` are deleted for everyone or erased. */
export const unreadCount = (lastSeq: number, upTo: number, deletedAbove: number): number =>
  Math.max(0, lastSeq - upTo - deletedAbove);
