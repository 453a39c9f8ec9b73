import type { ChatListRequest, LogPosition } from '../../application/ports/chat-reader.ts';
import { type ChatId, micros, parseChatId, rev, type Seq, seq } from '../../domain/ids.ts';

export type CursorPosition = { readonly at: 'before' | 'after'; readonly seq: Seq };

/** Version of the form; a cursor lives as long as a page is open in somebody's window. */
const version = 1;

const encode = (...parts: readonly unknown[]): string =>
  Buffer.from(JSON.stringify([version, ...parts])).toString('base64url');

/** The parts after the version; undefined when it is malformed. */
const decode = (text: string, length: number): readonly unknown[] | undefined => {
  try {
    const parts: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (!Array.isArray(parts) || parts.length !== length + 1 || parts[0] !== version) return undefined;
    return parts.slice(1);
  } catch {
    return undefined;
  }
};

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;

/** Opaque to clients and bound to its chat. It grants nothing: every read is authorised. */
export const encodeCursor = (chatId: ChatId, { at, seq }: CursorPosition): string => encode(chatId, at, seq);

/** Undefined when it is malformed or another chat's. */
export const decodeCursor = (chatId: ChatId, text: string): CursorPosition | undefined => {
  const [chat, at, position] = decode(text, 3) ?? [];
  if (chat !== chatId || (at !== 'before' && at !== 'after') || !isCount(position)) return undefined;
  return { at, seq: seq(position) };
};

/** How far a client has followed a chat's changes. */
export const encodeToken = (chatId: ChatId, { rev, seq }: LogPosition): string => encode('t', chatId, rev, seq);

export const decodeToken = (chatId: ChatId, text: string): LogPosition | undefined => {
  const [kind, chat, atRev, atSeq] = decode(text, 4) ?? [];
  if (kind !== 't' || chat !== chatId || !isCount(atRev) || !isCount(atSeq) || atSeq > atRev) return undefined;
  return { rev: rev(atRev), seq: seq(atSeq) };
};

type ListPosition = NonNullable<ChatListRequest['after']>;

/** Where a page of a user's chats ended. */
export const encodeListCursor = ({ activeAt, chatId }: ListPosition): string => encode('l', activeAt, chatId);

export const decodeListCursor = (text: string): ListPosition | undefined => {
  const [kind, activeAt, id] = decode(text, 3) ?? [];
  const chatId = typeof id === 'string' ? parseChatId(id) : undefined;
  if (kind !== 'l' || !isCount(activeAt) || chatId === undefined) return undefined;
  return { activeAt: micros(activeAt), chatId };
};
