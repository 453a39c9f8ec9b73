import { type Answer, isEntry } from '../../application/decision.ts';
import type { MessagePosted } from '../../domain/chat/entry.ts';
import { formatMicros } from '../../domain/time.ts';
import { wireUserId, wireUserIds } from './user-id.ts';

/** Identity of an event: `<chat_id>/<rev>`, of a rejection `<chat_id>/<sender_id>/<client_message_id>`. At most 255 bytes. */
export const eventIdOf = (answer: Answer): string =>
  isEntry(answer) ? `${answer.chatId}/${answer.rev}` : `${answer.chatId}/${answer.senderId}/${answer.clientMessageId}`;

/** A message as everybody outside sees it: the seed's twelve fields, then ours. */
export const messageJson = (entry: MessagePosted) => ({
  id: `${entry.chatId}.${entry.seq}`,
  client_message_id: entry.clientMessageId,
  chat_id: entry.chatId,
  sender_id: wireUserId(entry.senderId),
  recipient_id: entry.recipientId === null ? null : wireUserId(entry.recipientId),
  status: 'delivered' as const,
  sent_at: entry.sentAt,
  delivered_at: formatMicros(entry.at),
  body: entry.body,
  is_edited: false,
  is_deleted: false,
  reject_reason: null,
  v: 1 as const,
  type: 'message.posted' as const,
  event_id: eventIdOf(entry),
  rev: entry.rev as number,
  seq: entry.seq as number,
  version: 1,
  code: null,
  recipients: wireUserIds(entry.recipients),
});

/** An event's body: a pure function of what was decided, so a repeat is the same text, byte for byte. */
export const eventJson = (answer: Answer): object => {
  switch (answer.type) {
    case 'message.posted':
      return messageJson(answer);
    case 'message.rejected':
      return {
        id: null,
        client_message_id: answer.clientMessageId,
        chat_id: answer.chatId,
        sender_id: wireUserId(answer.senderId),
        recipient_id: answer.recipientId === null ? null : wireUserId(answer.recipientId),
        status: 'rejected',
        sent_at: answer.sentAt,
        delivered_at: formatMicros(answer.at),
        body: answer.body,
        is_edited: false,
        is_deleted: false,
        reject_reason: answer.reason,
        v: 1,
        type: answer.type,
        event_id: eventIdOf(answer),
        rev: null,
        seq: null,
        version: null,
        code: answer.code,
        recipients: null,
      };
    case 'command.rejected':
      return {
        v: 1,
        type: answer.type,
        event_id: eventIdOf(answer),
        chat_id: answer.chatId,
        sender_id: wireUserId(answer.senderId),
        client_message_id: answer.clientMessageId,
        sent_at: answer.sentAt,
        at: formatMicros(answer.at),
        code: answer.code,
        reject_reason: answer.reason,
      };
    case 'chat.created':
      return {
        v: 1,
        type: answer.type,
        event_id: eventIdOf(answer),
        chat_id: answer.chatId,
        rev: answer.rev,
        sender_id: wireUserId(answer.senderId),
        client_message_id: answer.clientMessageId,
        sent_at: answer.sentAt,
        at: formatMicros(answer.at),
        kind: answer.kind,
        title: answer.title,
        members: answer.members.map((member) => ({ user_id: wireUserId(member.userId), role: member.role })),
        recipients: wireUserIds(answer.recipients),
      };
  }
};

export const eventBody = (answer: Answer): string => JSON.stringify(eventJson(answer));
