import type { SQLOutputValue } from 'node:sqlite';
import type { EntryKey } from '../../application/ports/chat-store.ts';
import type { Change, MessagePosted } from '../../domain/chat/entry.ts';
import { type ChatId, type ClientMessageId, micros, rev, seq, type UserId } from '../../domain/ids.ts';
import { receiptField, receiptText } from '../store-kit/receipt-text.ts';

export type Row = Record<string, SQLOutputValue>;

export const postColumns =
  'seq, rev, sender_id, client_message_id, fingerprint, sent_at, at, recipients, body, recipient_id, extras, receipt';

const jsonOrNull = (value: unknown): string | null => (value === null ? null : JSON.stringify(value));
export const parsedOrNull = (text: SQLOutputValue | undefined) => (text === null ? null : JSON.parse(text as string));

export const postValues = (entry: MessagePosted) => [
  entry.chatId,
  entry.seq,
  entry.rev,
  entry.senderId,
  entry.clientMessageId,
  entry.fingerprint,
  entry.sentAt,
  entry.at,
  jsonOrNull(entry.recipients),
  entry.body,
  entry.recipientId,
  jsonOrNull(entry.extras),
  receiptText(entry.receipt) ?? null,
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

/** The post as it was decided, whatever has become of the message. */
export const postOf = (chatId: ChatId, row: Row): MessagePosted => ({
  type: 'message.posted',
  ...common(chatId, row),
  seq: seq(row.seq as number),
  recipients: parsedOrNull(row.recipients),
  body: row.body as string,
  recipientId: row.recipient_id as UserId | null,
  extras: parsedOrNull(row.extras),
  ...receiptField(row.receipt as string | null),
});

export const changeColumns = 'chat_id, rev, type, sender_id, client_message_id, fingerprint, sent_at, at, content, seq';

/** Every kind is stored the same way, whatever it says. Those that repeat a text of a message are found by its seq. */
export const changeValues = (entry: Change) => [
  entry.chatId,
  entry.rev,
  entry.type,
  entry.senderId,
  entry.clientMessageId,
  entry.fingerprint,
  entry.sentAt,
  entry.at,
  contentOf(entry),
  'post' in entry ? entry.seq : null,
];

/** The fields that only its type has, and recipients. */
export const contentOf = (entry: Change): string => {
  const { type, chatId, rev, senderId, clientMessageId, fingerprint, sentAt, at, ...content } = entry;
  return JSON.stringify(content);
};

export const changeOf = (chatId: ChatId, row: Row): Change => ({
  type: row.type,
  ...common(chatId, row),
  ...JSON.parse(row.content as string),
});

export const keyOf = (row: Row): EntryKey => ({
  rev: rev(row.rev as number),
  seq: row.seq === null ? undefined : seq(row.seq as number),
  senderId: row.sender_id as UserId,
  clientMessageId: row.client_message_id as ClientMessageId,
});
