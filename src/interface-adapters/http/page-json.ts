import type { z } from 'zod';
import type { MessagePage, PageRequest } from '../../application/ports/chat-reader.ts';
import type { Rejection } from '../../domain/chat/rejection.ts';
import { type ChatId, seq } from '../../domain/ids.ts';
import { microsOfMs } from '../../domain/time.ts';
import { messageViewJson } from '../amqp/event-json.ts';
import { type CursorPosition, decodeCursor, encodeCursor } from './cursor.ts';
import { defaultPageSize, type PageQuery, type pageSchema } from './page.schema.ts';

export type PagePlace = Pick<PageRequest, 'anchor' | 'limit'>;

export type ParsedPageQuery =
  | { readonly kind: 'request'; readonly request: PagePlace }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

const invalid = (reason: string): ParsedPageQuery => ({
  kind: 'rejected',
  rejection: { code: 'VALIDATION_FAILED', reason },
});

export const pageRequestOf = (
  chatId: ChatId,
  { limit = defaultPageSize, cursor, time, ...places }: PageQuery,
): ParsedPageQuery => {
  const given = (['before', 'after', 'around'] as const).filter((name) => places[name] !== undefined);
  const others = [cursor, time].filter((one) => one !== undefined);
  if (given.length + others.length > 1) return invalid('give one of before, after, around, time and cursor');
  if (cursor !== undefined) {
    const position = decodeCursor(chatId, cursor);
    if (position === undefined) return invalid('cursor: this is not a cursor of this chat');
    return { kind: 'request', request: { anchor: position, limit } };
  }
  if (time !== undefined)
    return { kind: 'request', request: { anchor: { at: 'time', time: microsOfMs(Date.parse(time)) }, limit } };
  const [at] = given;
  if (at === undefined) return { kind: 'request', request: { anchor: { at: 'newest' }, limit } };
  return { kind: 'request', request: { anchor: { at, seq: seq(places[at]!) }, limit } };
};

export const pageJson = (chatId: ChatId, { anchor }: PagePlace, page: MessagePage): z.output<typeof pageSchema> => {
  const cursor = (exists: boolean, position: CursorPosition | undefined) =>
    exists && position !== undefined ? encodeCursor(chatId, position) : null;
  const newest = page.items[0];
  const oldest = page.items.at(-1);
  return {
    items: page.items.map(messageViewJson),
    has_older: page.hasOlder,
    has_newer: page.hasNewer,
    first_seq: page.firstSeq,
    last_seq: page.lastSeq,
    older: cursor(page.hasOlder, oldest ? { at: 'before', seq: oldest.seq } : beyond(anchor, 'after')),
    newer: cursor(page.hasNewer, newest ? { at: 'after', seq: newest.seq } : beyond(anchor, 'before')),
  };
};

/** The way back from an empty page, which lies past one end of the chat. */
const beyond = (anchor: PageRequest['anchor'], side: 'before' | 'after'): CursorPosition | undefined => {
  if (anchor.at !== side || !('seq' in anchor)) return undefined;
  return side === 'after' ? { at: 'before', seq: seq(anchor.seq + 1) } : { at: 'after', seq: seq(anchor.seq - 1) };
};
