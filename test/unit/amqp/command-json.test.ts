import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeCommand, encodeCommand, maxCommandBytes } from '../../../src/interface-adapters/amqp/command-json.ts';

const decode = (json: unknown) => decodeCommand(Buffer.from(JSON.stringify(json)));
const command = (json: unknown) => {
  const decoded = decode(json);
  if (!decoded.ok) throw new Error(decoded.reason);
  return decoded.command;
};
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

  it('survives its own encoding', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 200 });
    fc.assert(
      fc.property(
        texts,
        fc.oneof(fc.integer(), fc.stringMatching(/^[\x21-\x7e]{1,60}$/)),
        fc.boolean(),
        (body, sender, isSeed) => {
          const original = command({
            ...post,
            body,
            sender_id: sender,
            ...(isSeed ? { type: undefined, recipient_id: 9 } : {}),
          });
          expect(decodeCommand(encodeCommand(original))).toEqual({ ok: true, command: original });
        },
      ),
    );
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
    [
      'no client_message_id',
      Buffer.from(JSON.stringify({ ...post, client_message_id: undefined })),
      /client_message_id/,
    ],
    ['an empty chat id', Buffer.from(JSON.stringify({ ...post, chat_id: '' })), /chat_id: a chat id is/],
    ['a chat id with a slash', Buffer.from(JSON.stringify({ ...post, chat_id: 'a/b' })), /chat_id: a chat id is/],
    ['a fraction as a user', Buffer.from(JSON.stringify({ ...post, sender_id: 1.5 })), /sender_id/],
    [
      'a user id with a newline',
      Buffer.from(JSON.stringify({ ...post, sender_id: 'a\nb' })),
      /sender_id: a user id is/,
    ],
    ['a lone surrogate', Buffer.from(JSON.stringify({ ...post, body: '\ud800' })), /well-formed/],
    ['no body', Buffer.from(JSON.stringify({ ...post, body: undefined })), /body/],
    ['a prototype', Buffer.from('{"__proto__":{"type":"message.post"}}'), /chat_id/],
  ])('is refused with a reason when it has %s', (_, body, reason) => {
    const decoded = decodeCommand(body);
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
          expect(typeof decodeCommand(bytes).ok).toBe('boolean');
        },
      ),
    );
  });
});
