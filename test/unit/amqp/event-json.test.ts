import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rejectionOf } from '../../../src/application/decision.ts';
import type { ChatSettings } from '../../../src/domain/chat/chat-state.ts';
import type { Entry, Extras, MessagePosted, PostedFields } from '../../../src/domain/chat/entry.ts';
import { posted as stateOf } from '../../../src/domain/chat/message-state.ts';
import { chatId, clientMessageId, micros, rev, seq, userId } from '../../../src/domain/ids.ts';
import { routingKeyOf } from '../../../src/infrastructure/amqp/amqp-event-publisher.ts';
import { removeMemberCommand } from '../../../src/interface-adapters/amqp/command-json.ts';
import { eventBody, eventIdOf, eventJson, messageViewJson } from '../../../src/interface-adapters/amqp/event-json.ts';
import { anyEventSchema, eventSchema } from '../../../src/interface-adapters/amqp/events.schema.ts';
import { messageSchema } from '../../../src/interface-adapters/http/message.schema.ts';
import { readOutcome } from '../../../src/interface-adapters/http/outcome-json.ts';
import { post } from '../../support/commands.ts';

const extras: Extras = {
  replyTo: seq(3),
  mentions: [userId('9'), userId('u8')],
  mentionsAll: false,
  attachments: [{ url: 'https://f.example/a.png', name: 'a.png', mediaType: 'image/png', size: 17 }],
};
const receipt = { policy: 'q0Zt3m9A', rules: ['members-write'], rosterRev: 6 };
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
  extras: null,
  receipt,
};
/** Somebody else did something about it, later. */
const later = {
  chatId: posted.chatId,
  rev: rev(12),
  senderId: userId('9'),
  clientMessageId: clientMessageId('change'),
  fingerprint: 'y',
  sentAt: '2025-12-16T11:00:00.000000Z',
  at: micros(1_764_000_600_000_000),
  recipients: [userId('7'), userId('u8')],
  receipt,
};
const postOf = (entry: MessagePosted): PostedFields => stateOf(entry).post;
const settings: ChatSettings = { title: 't', closed: true, slowModeMs: 5, history: 'full', retentionDays: null };
const about = userId('u8');
const edited: Entry = {
  ...later,
  type: 'message.edited',
  seq: posted.seq,
  post: postOf({ ...posted, extras }),
  body: 'new',
  version: 2,
};
const deleted: Entry = {
  ...later,
  type: 'message.deleted',
  seq: posted.seq,
  post: postOf({ ...posted, extras }),
  version: 2,
  scope: 'everyone',
};
const entries: readonly Entry[] = [
  posted,
  { ...posted, extras },
  { ...posted, extras: { ...extras, mentions: [], mentionsAll: true }, recipients: null },
  edited,
  deleted,
  { ...later, type: 'message.erased', userId: about, seqs: [seq(1), seq(2)] },
  { ...later, type: 'reaction.added', seq: seq(8), emoji: '👍', own: ['👍'], counts: { '👍': 2 } },
  { ...later, type: 'reaction.removed', seq: seq(8), emoji: '👍', own: [], counts: {} },
  { ...later, type: 'chat.created', kind: 'group', settings, members: [{ userId: about, role: 'owner' }] },
  { ...later, type: 'chat.updated', settings },
  { ...later, type: 'chat.trimmed', bucket: 1, firstSeq: seq(5), firstRev: rev(6) },
  {
    ...later,
    type: 'member.added',
    userId: about,
    role: 'guest',
    fromSeq: seq(1),
    fromRev: rev(1),
    becameLarge: null,
  },
  { ...later, type: 'member.removed', userId: about },
  { ...later, type: 'member.role_set', userId: about, role: 'admin' },
  { ...later, type: 'member.muted', userId: about, until: micros(1) },
  { ...later, type: 'member.muted', userId: about, until: null },
];
const rejection = { code: 'SLOW_MODE', reason: 'no', retryAfterMs: 250 } as const;
const rejections = [
  rejectionOf(post('d-1', 'm-1', { sender: '7' }), { code: 'NOT_A_MEMBER', reason: 'no' }, 'now', posted.at, receipt),
  rejectionOf(post('d-1', 'm-1', { sender: '7' }), rejection, 'now', posted.at, receipt),
  rejectionOf(removeMemberCommand(posted, { userId: about }), rejection, 'now', posted.at, receipt),
] as const;
const [rejected] = rejections;

const written = (answer: Parameters<typeof eventBody>[0]) => JSON.parse(eventBody(answer));

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
const plain = {
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
  reply_to: null,
  mentions: [],
  attachments: [],
  edited_at: null,
  by: null,
};
const decision = { policy: 'q0Zt3m9A', rules: ['members-write'], roster_rev: 6 };
const shownExtras = {
  reply_to: 3,
  mentions: [9, 'u8'],
  attachments: [{ url: 'https://f.example/a.png', name: 'a.png', media_type: 'image/png', size: 17 }],
};
const by = {
  sender_id: 9,
  client_message_id: 'change',
  sent_at: '2025-12-16T11:00:00.000000Z',
  at: '2025-11-24T16:10:00.000000Z',
};

describe('an event', () => {
  it('of a message begins with the twelve fields that the sibling services read, accepted or not', () => {
    for (const answer of [posted, edited, deleted, rejected]) {
      expect(Object.keys(written(answer)).slice(0, 12)).toEqual(seedFields);
    }
  });

  it('of an accepted message says what was stored', () => {
    expect(written(posted)).toEqual({ ...plain, decision });
    expect(written({ ...posted, extras })).toEqual({ ...plain, ...shownExtras, decision });
    expect(written({ ...posted, extras: { ...extras, mentions: [], mentionsAll: true } }).mentions).toBe('all');
  });

  it('of an edit shows the message with its own ids, and who edited it', () => {
    expect(written(edited)).toEqual({
      ...plain,
      ...shownExtras,
      body: 'new',
      is_edited: true,
      type: 'message.edited',
      event_id: 'd-1/12',
      rev: 12,
      version: 2,
      edited_at: by.at,
      by,
      decision,
    });
  });

  it('of a deletion shows a stub: no text, nobody mentioned, nothing attached', () => {
    expect(written(deleted)).toEqual({
      ...plain,
      reply_to: 3,
      body: '',
      is_edited: true,
      is_deleted: true,
      type: 'message.deleted',
      event_id: 'd-1/12',
      rev: 12,
      version: 2,
      by,
      scope: 'everyone',
      decision,
    });
  });

  it('of a rejected message has no id and no position, and says why', () => {
    expect(written(rejected)).toMatchObject({
      id: null,
      status: 'rejected',
      code: 'NOT_A_MEMBER',
      reject_reason: 'no',
      rev: null,
      seq: null,
      event_id: 'd-1/7/m-1',
    });
  });

  it('of a rejection says when to try again, where that is known', () => {
    expect(rejections.map((one) => written(one).retry_after_ms)).toEqual([undefined, 250, 250]);
  });

  it('of every kind is what its schema says, no field more and no field less, in its order', () => {
    for (const answer of [...entries, ...rejections]) {
      const event = written(answer);
      expect(anyEventSchema.parse(event), answer.type).toEqual(event);
      const schema = [...eventSchema.options, ...anyEventSchema.options[1].options].find((one) =>
        [...one.shape.type.values].some((type) => type === answer.type),
      )!;
      const fields = Object.keys(schema.shape).filter((name) => name !== 'retry_after_ms' || name in event);
      expect(Object.keys(event), answer.type).toEqual(fields);
    }
    const types = [...eventSchema.options].flatMap((one) => [...one.shape.type.values]);
    expect(new Set(entries.map(({ type }) => type))).toEqual(new Set<string>(types));
  });

  it('of a plain message is the same text, put together by hand or not', () => {
    const userIds = fc.oneof(fc.integer().map(String), fc.stringMatching(/^[\x21-\x7e]{1,20}$/)).map(userId);
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.constantFrom('', '"\\\n\u0000\u2028', '\ud800', 'Grüße 👍')),
        fc.string({ maxLength: 40 }),
        fc.stringMatching(/^[\x20-\x7e]{1,20}$/),
        userIds,
        fc.option(userIds, { nil: null }),
        fc.option(fc.array(userIds, { maxLength: 4 }), { nil: null }),
        (body, sentAt, id, senderId, recipientId, recipients) => {
          const clientId = clientMessageId(id);
          const entry = { ...posted, body, sentAt, clientMessageId: clientId, senderId, recipientId, recipients };
          expect(eventBody(entry)).toBe(JSON.stringify(eventJson(entry)));
          const { receipt: _, ...older } = entry;
          expect(eventBody(older)).toBe(JSON.stringify(eventJson(older)));
        },
      ),
    );
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

  it('is read as the outcome of the command that had the effect', () => {
    for (const entry of entries) {
      expect(readOutcome(eventBody(entry)), entry.type).toEqual({
        kind: 'accepted',
        senderId: entry.senderId,
        clientMessageId: entry.clientMessageId,
      });
    }
    expect(rejections.map((one) => readOutcome(eventBody(one)))).toEqual([
      { kind: 'rejected', rejection: { code: 'NOT_A_MEMBER', reason: 'no' } },
      { kind: 'rejected', rejection },
      { kind: 'rejected', rejection },
    ]);
    expect(() => readOutcome('{"type":"something.else"}')).toThrow();
  });

  it('goes out under an empty routing key when it is about messages, else, or when it is for one only, under its type', () => {
    const keys = [...entries, ...rejections].map((answer) => [answer.type, routingKeyOf(answer, '')]);
    for (const [type, key] of keys) expect(key).toBe(type!.startsWith('message.') ? '' : type);
    const forMe = { ...deleted, scope: 'me' } as const;
    expect(routingKeyOf(forMe, '')).toBe('message.deleted');
    expect(routingKeyOf(forMe, 'x.{type}')).toBe('x.message.deleted');
    expect(routingKeyOf(deleted, 'chat.{chat_id}.{type}')).toBe('chat.d-1.message.deleted');
  });
});

describe('a message that is read', () => {
  const view = { ...stateOf({ ...posted, extras }), chatId: posted.chatId, recipients: posted.recipients };

  it('looks as in its first event, with its reactions', () => {
    const json = messageViewJson({ ...view, reactions: { '👍': 2 } });
    expect(json).toEqual({ ...plain, ...shownExtras, reactions: { '👍': 2 } });
    expect(messageSchema.strict().parse(json)).toEqual(json);
  });

  it('has the latest text', () => {
    expect(messageViewJson({ ...view, body: 'new', version: 2, editedAt: later.at })).toMatchObject({
      body: 'new',
      version: 2,
      is_edited: true,
      edited_at: by.at,
      rev: 9,
      type: 'message.posted',
    });
  });

  it.each(['deleted', 'erased'] as const)('keeps its place and nothing else when it is %s', (removed) => {
    const gone = { reply_to: 3, mentions: [], attachments: [], body: '', is_deleted: true };
    expect(messageViewJson({ ...view, removed })).toEqual({ ...plain, ...gone, reactions: {} });
  });
});
