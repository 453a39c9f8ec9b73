import { describe, expect, it } from 'vitest';
import { chatId, seq } from '../../../src/domain/ids.ts';
import { decodeCursor, encodeCursor } from '../../../src/interface-adapters/http/cursor.ts';

describe('cursor', () => {
  const here = chatId('here');
  it('comes back as it went', () => {
    const position = { at: 'before', seq: seq(7) } as const;
    const text = encodeCursor(here, position);
    expect(text).toMatch(/^[A-Za-z0-9_-]+$/);
    expect(decodeCursor(here, text)).toEqual(position);
  });

  it.each([
    ['another version', [2, 'here', 'before', 7]],
    ['another chat', [1, 'there', 'before', 7]],
    ['another direction', [1, 'here', 'around', 7]],
    ['a fraction', [1, 'here', 'before', 7.5]],
    ['a negative', [1, 'here', 'before', -1]],
    ['text for a number', [1, 'here', 'before', '7']],
    ['more', [1, 'here', 'before', 7, 8]],
    ['an object', { 0: 1 }],
  ])('is refused with %s', (_name, parts) => {
    expect(decodeCursor(here, Buffer.from(JSON.stringify(parts)).toString('base64url'))).toBeUndefined();
  });
});
