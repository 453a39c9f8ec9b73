import { type ChatId, type Seq, seq } from '../../domain/ids.ts';

export type CursorPosition = { readonly at: 'before' | 'after'; readonly seq: Seq };

/** Version of the form; a cursor lives as long as a page is open in somebody's window. */
const version = 1;

/** Opaque to clients and bound to its chat. It grants nothing: every read is authorised. */
export const encodeCursor = (chatId: ChatId, { at, seq }: CursorPosition): string =>
  Buffer.from(JSON.stringify([version, chatId, at, seq])).toString('base64url');

/** Undefined when it is malformed or another chat's. */
export const decodeCursor = (chatId: ChatId, text: string): CursorPosition | undefined => {
  let parts: unknown;
  try {
    parts = JSON.parse(Buffer.from(text, 'base64url').toString());
  } catch {
    return undefined;
  }
  if (!Array.isArray(parts) || parts.length !== 4) return undefined;
  const [v, chat, at, position] = parts as unknown[];
  if (v !== version || chat !== chatId || (at !== 'before' && at !== 'after')) return undefined;
  if (!Number.isSafeInteger(position) || (position as number) < 0) return undefined;
  return { at, seq: seq(position as number) };
};
