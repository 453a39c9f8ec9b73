import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { systemSender } from '../../../src/domain/chat/system-sender.ts';
import { commandOfJson } from '../../../src/interface-adapters/amqp/command-json.ts';
import { plainPost } from '../../../src/interface-adapters/amqp/plain-post.ts';

const ids = { chat_id: 'g-1', sender_id: 7, client_message_id: 'm-1' };
const post = { ...ids, type: 'message.post', body: 'hi' };
const seed = { ...ids, recipient_id: 8, body: '' };

const anything = [undefined, null, true, 0, -1, 1.5, 2 ** 53, '', 'a', ' ', 'é', '\0', '\ud800', [], {}];
/** Mostly what makes a plain post; else near it, or whatever there is. */
const field = (plain: readonly unknown[], near: readonly unknown[] = []) =>
  fc.oneof(
    { weight: 9, arbitrary: fc.constantFrom(...plain) },
    { weight: 1, arbitrary: fc.constantFrom(...near, ...anything) },
  );
const anyPost = fc.record({
  type: field(['message.post', undefined], ['message.edit']),
  chat_id: field(['g-1', 'a'.repeat(64)], ['a'.repeat(65), 'a/b']),
  sender_id: field([7, '7', -7, 'u'.repeat(60), Number.MAX_SAFE_INTEGER], ['u'.repeat(61), 'a b']),
  client_message_id: field(['m-1', ' ', 'm'.repeat(128)], ['m'.repeat(129), 'm\n1']),
  sent_at: field([undefined, null, '', 'x'.repeat(40)], ['x'.repeat(41)]),
  acted_by: field([undefined], [systemSender]),
  recipient_id: field([undefined, null, 8, 'u-2'], ['u'.repeat(61)]),
  body: field(['hi', 'x'.repeat(5_000), '👍']),
  reply_to: field([undefined, null], [1]),
  mentions: field([undefined, null], ['all', [8]]),
  attachments: field([undefined, null], [[{ url: 'https://a.b', name: 'b', media_type: 'image/png', size: 1 }]]),
  else: field([undefined, 'of no meaning']),
});

describe('a plain post, read by hand', () => {
  it.each([
    ['text in a group', post],
    ['of a sender who says when', { ...post, sent_at: '2026-01-01T00:00:00.000000Z' }],
    ['to a recipient', { ...post, recipient_id: 'user-8' }],
    [
      'with fields that say nothing',
      { ...post, sent_at: null, recipient_id: null, reply_to: null, mentions: null, attachments: null },
    ],
    ['with fields that nobody knows', { ...post, status: 'sent' }],
    ['in the seed’s form', seed],
    ['in the seed’s form, with what it has no meaning for', { ...seed, mentions: [9], reply_to: 0 }],
  ])('is what its schema reads: %s', (_, json) => {
    const read = commandOfJson(json);
    expect(read).toEqual({ ok: true, command: plainPost(json) });
    expect(plainPost(json)).toBeDefined();
  });

  it.each([
    ['an answer', { ...post, reply_to: 1 }],
    ['a mention', { ...post, mentions: [8] }],
    ['an attachment', { ...post, attachments: [] }],
    ['another command', { ...post, type: 'message.edit', seq: 1 }],
    ['what the service does for somebody', { ...post, acted_by: systemSender }],
    ['no text', { ...post, body: '' }],
    ['text that cannot be stored', { ...post, body: '\ud800' }],
    ['a time that is too long', { ...post, sent_at: 'x'.repeat(41) }],
    ['half a user', { ...post, sender_id: 7.5 }],
    ['a recipient who is none', { ...post, recipient_id: 'a b' }],
  ])('is left to its schema: %s', (_, json) => {
    expect(plainPost(json)).toBeUndefined();
  });

  it('is never anything that its schema would not make of it', () => {
    let plain = 0;
    fc.assert(
      fc.property(anyPost, (json) => {
        const post = plainPost(json);
        if (post === undefined) return;
        plain++;
        expect(commandOfJson(json)).toEqual({ ok: true, command: post });
      }),
      { numRuns: 5_000 },
    );
    expect(plain).toBeGreaterThan(500);
  });
});
