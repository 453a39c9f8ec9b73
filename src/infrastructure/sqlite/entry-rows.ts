import type { SQLOutputValue } from 'node:sqlite';
import type { EntryKey } from '../../application/ports/chat-store.ts';
import type { ChatCreated, Entry, MessagePosted } from '../../domain/chat/entry.ts';
import { type ChatId, type ClientMessageId, micros, rev, seq, type UserId } from '../../domain/ids.ts';

export type Row = Record<string, SQLOutputValue>;

export const postColumns =
  'seq, rev, sender_id, client_message_id, fingerprint, sent_at, at, recipients, body, recipient_id';

export const postValues = (entry: MessagePosted) => [
  entry.chatId,
  entry.seq,
  entry.rev,
  entry.senderId,
  entry.clientMessageId,
  entry.fingerprint,
  entry.sentAt,
  entry.at,
  entry.recipients === null ? null : JSON.stringify(entry.recipients),
  entry.body,
  entry.recipientId,
];

/** What is read was written by this service: its ids are not checked again. */
const common = (chatId: ChatId, row: Row) => ({
  chatId,
  rev: rev(row.rev as number),
  senderId: row.sender_id as UserId,
  clientMessageId: row.client_message_id as ClientMessageId,
  fingerprint: row.fingerprint as string,
  sentAt: row.sent_at as string,
  at: micros(row.at as number),
});

export const postOf = (chatId: ChatId, row: Row): MessagePosted => ({
  type: 'message.posted',
  ...common(chatId, row),
  seq: seq(row.seq as number),
  recipients: row.recipients === null ? null : (JSON.parse(row.recipients as string) as UserId[]),
  body: row.body as string,
  recipientId: row.recipient_id as UserId | null,
});

/** Every kind of entry but posts: each is stored the same way, whatever it says. */
export type Change = Exclude<Entry, MessagePosted>;

export const changeValues = (entry: Change) => {
  const { type, chatId, rev, senderId, clientMessageId, fingerprint, sentAt, at, ...content } = entry;
  return [chatId, rev, type, senderId, clientMessageId, fingerprint, sentAt, at, JSON.stringify(content)];
};

export const changeOf = (chatId: ChatId, row: Row): Change => ({
  type: row.type as Change['type'],
  ...common(chatId, row),
  ...(JSON.parse(row.content as string) as Pick<ChatCreated, 'kind' | 'title' | 'members' | 'recipients'>),
});

export const keyOf = (row: Row): EntryKey => ({
  rev: rev(row.rev as number),
  seq: row.seq === null ? undefined : seq(row.seq as number),
  senderId: row.sender_id as UserId,
  clientMessageId: row.client_message_id as ClientMessageId,
});
