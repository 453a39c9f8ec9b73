import { describe, expect, it } from 'vitest';
import type { MessageView } from '../../../src/application/ports/chat-reader.ts';
import { seq } from '../../../src/domain/ids.ts';
import { pageOf, pageWindow, visibleRange } from '../../../src/infrastructure/store-kit/page-window.ts';

const posts = (...seqs: number[]) => seqs.map((value) => ({ seq: seq(value) }) as MessageView);
const range = { firstSeq: 1, lastSeq: 10 };
const around = (at: number, limit: number, within = range) =>
  pageWindow({ anchor: { at: 'around', seq: seq(at) }, limit }, within);

describe('pageWindow', () => {
  it('moves away from an edge until the page is full', () => {
    expect(around(1, 5)).toEqual({ low: 1, high: 5 });
    expect(around(10, 5)).toEqual({ low: 6, high: 10 });
    expect(around(99, 5)).toEqual({ low: 6, high: 10 });
    expect(around(5, 50)).toEqual({ low: 1, high: 10 });
  });

  it('begins where the chat begins, when its oldest messages are gone', () => {
    const later = { firstSeq: 6, lastSeq: 20 };
    expect(around(7, 5, later)).toEqual({ low: 6, high: 10 });
    expect(pageWindow({ anchor: { at: 'before', seq: seq(3) }, limit: 5 }, later)).toEqual({
      low: 6,
      high: 5,
    });
    expect(pageWindow({ anchor: { at: 'after', seq: seq(3) }, limit: 5 }, later)).toEqual({
      low: 6,
      high: 10,
    });
  });
});

describe('pageOf', () => {
  it('is cut at the first missing message, and says that there is more', () => {
    const page = pageOf(posts(6, 7, 9, 10), { low: 6, high: 10 }, range);
    expect(page.items.map((message) => message.seq)).toEqual([7, 6]);
    expect(page).toMatchObject({ hasOlder: true, hasNewer: true, lastSeq: 10 });
  });

  it('is empty when its lowest message is missing', () => {
    expect(pageOf(posts(7, 8), { low: 6, high: 8 }, range)).toMatchObject({
      items: [],
      hasOlder: true,
      hasNewer: true,
    });
  });

  it('says that nothing is newer when it ends with the last message', () => {
    expect(pageOf(posts(9, 10), { low: 9, high: 10 }, range)).toMatchObject({ hasOlder: true, hasNewer: false });
  });
});

describe('visibleRange', () => {
  const chat = { firstSeq: seq(3), nextSeq: seq(8) };

  it('begins with what is kept, or where the membership begins', () => {
    expect(visibleRange(chat, seq(1))).toEqual({ firstSeq: 3, lastSeq: 7 });
    expect(visibleRange(chat, seq(5))).toEqual({ firstSeq: 5, lastSeq: 7 });
    expect(visibleRange(chat, seq(7))).toEqual({ firstSeq: 7, lastSeq: 7 });
  });

  it('is nothing when nothing was posted since', () => {
    expect(visibleRange(chat, seq(8))).toEqual({ firstSeq: 0, lastSeq: 0 });
    expect(visibleRange({ firstSeq: seq(8), nextSeq: seq(8) }, seq(1))).toEqual({ firstSeq: 0, lastSeq: 0 });
  });
});
