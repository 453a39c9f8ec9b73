import { describe, expect, it } from 'vitest';
import type { RejectedCommand } from '../../../src/application/decision.ts';
import type { MessagePosted } from '../../../src/domain/chat/entry.ts';
import { chatId, clientMessageId, micros, rev, seq, userId } from '../../../src/domain/ids.ts';
import { eventBody, eventIdOf } from '../../../src/interface-adapters/amqp/event-json.ts';

const posted: MessagePosted = {
  type: 'message.posted',
  chatId: chatId('d-1'),
  rev: rev(9),
  seq: seq(8),
  senderId: userId('7'),
  clientMessageId: clientMessageId('m-1'),
  fingerprint: 'x',
  sentAt: '2025-12-16T10:00:00.000000Z',
  at: micros(1_764_000_000_000_123),
  recipients: [userId('7'), userId('u8')],
  body: 'hé "quoted"',
  recipientId: userId('u8'),
};
const rejected: RejectedCommand = {
  type: 'message.rejected',
  code: 'NOT_A_MEMBER',
  reason: 'no',
  chatId: posted.chatId,
  senderId: posted.senderId,
  clientMessageId: posted.clientMessageId,
  fingerprint: 'x',
  sentAt: posted.sentAt,
  at: posted.at,
  body: posted.body,
  recipientId: null,
};
const seedFields = [
  'id',
  'client_message_id',
  'chat_id',
  'sender_id',
  'recipient_id',
  'status',
  'sent_at',
  'delivered_at',
  'body',
  'is_edited',
  'is_deleted',
  'reject_reason',
];

describe('an event', () => {
  it('of a message begins with the twelve fields that the sibling services read, accepted or not', () => {
    for (const answer of [posted, rejected]) {
      expect(Object.keys(JSON.parse(eventBody(answer))).slice(0, 12)).toEqual(seedFields);
    }
  });

  it('of an accepted message says what was stored', () => {
    expect(JSON.parse(eventBody(posted))).toEqual({
      id: 'd-1.8',
      client_message_id: 'm-1',
      chat_id: 'd-1',
      sender_id: 7,
      recipient_id: 'u8',
      status: 'delivered',
      sent_at: '2025-12-16T10:00:00.000000Z',
      delivered_at: '2025-11-24T16:00:00.000123Z',
      body: 'hé "quoted"',
      is_edited: false,
      is_deleted: false,
      reject_reason: null,
      v: 1,
      type: 'message.posted',
      event_id: 'd-1/9',
      rev: 9,
      seq: 8,
      version: 1,
      code: null,
      recipients: [7, 'u8'],
    });
  });

  it('of a rejected message has no id and no position, and says why', () => {
    expect(JSON.parse(eventBody(rejected))).toMatchObject({
      id: null,
      status: 'rejected',
      code: 'NOT_A_MEMBER',
      reject_reason: 'no',
      rev: null,
      seq: null,
      event_id: 'd-1/7/m-1',
    });
  });

  it('has an id that fits the broker’s 255 bytes for the longest names', () => {
    const longest = {
      ...rejected,
      chatId: chatId('c'.repeat(64)),
      senderId: userId('s'.repeat(60)),
      clientMessageId: clientMessageId('m'.repeat(128)),
    };
    expect(Buffer.byteLength(eventIdOf(longest))).toBeLessThanOrEqual(255);
  });
});
