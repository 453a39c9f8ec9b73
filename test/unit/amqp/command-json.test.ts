import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCommands, maxCommandBytes } from '../../../src/interface-adapters/amqp/command-json.ts';

const decode = (json: unknown) => decodeCommands(Buffer.from(JSON.stringify(json)));
const command = (json: unknown) => {
  const decoded = decode(json);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.commands[0];
};
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const post = { type: 'message.post', chat_id: 'g-1', sender_id: 7, client_message_id: 'm-1', body: 'hi' };
/** What the transportation service publishes: every field, no type. */
const seed = {
  id: null,
  client_message_id: 'ab'.repeat(64),
  chat_id: 'f'.repeat(24),
  sender_id: 7,
  recipient_id: 8,
  status: 'sent',
  sent_at: '2025-12-16T10:00:00.000000Z',
  delivered_at: null,
  body: '',
  is_edited: false,
  is_deleted: false,
};

const about = { chat_id: 'g-1', sender_id: 7, client_message_id: 'm-1' };
const attachment = { url: 'https://files.example/a.png', name: 'a.png', media_type: 'image/png', size: 0 };

describe('a command on the wire', () => {
  it('is a message.post when it has no type, as the sibling services write it', () => {
    expect(command(seed)).toMatchObject({
      type: 'message.post',
      seedForm: true,
      senderId: '7',
      recipientId: '8',
      body: '',
      sentAt: '2025-12-16T10:00:00.000000Z',
    });
  });

  it('names users by integers or text, and 7 and "7" are the same user', () => {
    expect(command({ ...post, sender_id: '7' })).toEqual(command(post));
    expect(command({ ...post, sender_id: 'user-7' }).senderId).toBe('user-7');
  });

  it('has the same fingerprint whenever it asks for the same', () => {
    const again = { ...post, sent_at: '2026-01-01T00:00:00.000000Z', extra: 1 };
    expect(command(again).fingerprint).toBe(command(post).fingerprint);
    expect(command({ ...post, body: 'ho' }).fingerprint).not.toBe(command(post).fingerprint);
    const create = { type: 'chat.create', chat_id: 'g-1', sender_id: 1, client_message_id: 'c', kind: 'group' };
    expect(command({ ...create, member_ids: [3, 2, 3] }).fingerprint).toBe(
      command({ ...create, member_ids: [2, 3] }).fingerprint,
    );
    expect(command({ ...create, member_ids: [2], title: 'a' }).fingerprint).not.toBe(
      command({ ...create, member_ids: [2] }).fingerprint,
    );
  });

  it('names extras only where there are some', () => {
    expect(command({ ...post, reply_to: null, mentions: [], attachments: [] })).toEqual(command(post));
    expect(command({ ...post, body: '', attachments: [attachment] })).toMatchObject({
      extras: { replyTo: null, mentions: [], mentionsAll: false, attachments: [{ mediaType: 'image/png' }] },
    });
    expect(command({ ...post, mentions: 'all' })).toMatchObject({ extras: { mentions: [], mentionsAll: true } });
    expect(command({ ...post, mentions: [8, '8', 9], reply_to: 4 })).toMatchObject({
      extras: { replyTo: 4, mentions: ['8', '9'] },
    });
    expect(command({ ...post, mentions: [8] }).fingerprint).not.toBe(command(post).fingerprint);
  });

  it('gives a new member the role member, and deletes for everyone, unless it says something else', () => {
    expect(command({ ...about, type: 'member.add', user_id: 9 })).toMatchObject({ role: 'member' });
    expect(command({ ...about, type: 'message.delete', seq: 1 })).toMatchObject({ scope: 'everyone' });
    expect(command({ ...about, type: 'message.delete', seq: 1, for: 'me' })).toMatchObject({ scope: 'me' });
  });

  it('reads times of every zone to the microsecond', () => {
    const until = (text: string | null) => command({ ...about, type: 'member.mute', user_id: 9, until: text });
    expect(until('2030-01-01T02:00:00.1234567+02:00')).toMatchObject({ until: 1_893_456_000_123_456 });
    expect(until('2030-01-01T00:00:00Z')).toMatchObject({ until: 1_893_456_000_000_000 });
    expect(until(null)).toMatchObject({ until: null });
  });

  it.each([
    ['no JSON', Buffer.from('{'), /not JSON/],
    ['text that is no JSON', Buffer.from('a secret'), /^the body is not JSON in UTF-8$/],
    [
      'JSON that breaks off',
      Buffer.from('{"body":"a secret"'),
      /^the body is not JSON in UTF-8, broken at position 18$/,
    ],
    ['no UTF-8', Buffer.from([0x22, 0xff, 0x22]), /not JSON in UTF-8/],
    ['no object', Buffer.from('[]'), /not a JSON object/],
    ['null', Buffer.from('null'), /not a JSON object/],
    ['too big', Buffer.alloc(maxCommandBytes + 1, 32), /65537 bytes, 65536 are allowed/],
    ['an unknown type', Buffer.from('{"type":"chat.explode"}'), /unknown command type "chat.explode"/],
    ['no client_message_id', json({ ...post, client_message_id: undefined }), /client_message_id/],
    ['an empty chat id', json({ ...post, chat_id: '' }), /chat_id: a chat id is/],
    ['a chat id with a slash', json({ ...post, chat_id: 'a/b' }), /chat_id: a chat id is/],
    ['a fraction as a user', json({ ...post, sender_id: 1.5 }), /sender_id/],
    ['a user id with a newline', json({ ...post, sender_id: 'a\nb' }), /sender_id: a user id is/],
    ['a lone surrogate', json({ ...post, body: '\ud800' }), /well-formed/],
    ['no body', json({ ...post, body: undefined }), /body/],
    ['an empty text', json({ ...post, body: '' }), /^body: a message has a text or an attachment$/],
    [
      'an edit without a text',
      json({ ...about, type: 'message.edit', seq: 1, body: '' }),
      /body: a message has a text/,
    ],
    ['a change of nothing', json({ ...about, type: 'chat.update' }), /no setting is named/],
    ['a seq of 0', json({ ...about, type: 'message.delete', seq: 0 }), /seq/],
    ['51 mentions', json({ ...post, mentions: Array.from({ length: 51 }, (_, i) => i) }), /mentions/],
    ['11 attachments', json({ ...post, attachments: Array(11).fill(attachment) }), /attachments/],
    ['an attachment of a script', json({ ...post, attachments: [{ ...attachment, url: 'javascript:x' }] }), /http/],
    ['a link with a newline', json({ ...post, attachments: [{ ...attachment, url: 'http://a\n.b' }] }), /http/],
    ['101 erased', json({ ...about, type: 'message.erase', user_id: 1, seqs: Array(101).fill(1) }), /seqs/],
    [
      'a time without a zone',
      json({ ...about, type: 'member.mute', user_id: 1, until: '2030-01-01T00:00:00' }),
      /until/,
    ],
    ['the end of time', json({ ...about, type: 'member.mute', user_id: 1, until: '9999-12-31T23:59:59Z' }), /2255/],
    ['an unknown role', json({ ...about, type: 'member.add', user_id: 1, role: 'king' }), /role/],
    ...['', 'ab', 'constructor', '\u0000', ' ', '\ud83d', '👍👍', `e${'\u0301'.repeat(16)}`].map(
      (emoji): [string, Buffer, RegExp] => [
        `the emoji ${JSON.stringify(emoji)}`,
        json({ ...about, type: 'reaction.add', seq: 1, emoji }),
        /emoji/,
      ],
    ),
    ['a prototype', Buffer.from('{"__proto__":{"type":"message.post"}}'), /__proto__ is not allowed/],
    ['a nest as its type', Buffer.from(`{"type":${'['.repeat(30_000)}${']'.repeat(30_000)}}`), /nests deeper than 32/],
    ['a NUL', Buffer.from('{"chat_id":"c","sender_id":1,"client_message_id":"m","body":"a\\u0000b"}'), /NUL/],
  ])('is refused with a reason when it has %s', (_, body, reason) => {
    const decoded = decodeCommands(body);
    expect(decoded).toMatchObject({ ok: false });
    if (!decoded.ok) expect(decoded.reason).toMatch(reason);
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 300 }),
          fc.json().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          expect(typeof decodeCommands(bytes).ok).toBe('boolean');
        },
      ),
    );
  });
});
