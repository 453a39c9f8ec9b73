import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { maxBodyBytes, maxEmoji } from '../../../src/domain/chat/command.ts';
import { systemSender } from '../../../src/domain/chat/system-sender.ts';
import { micros, rev, seq, userId } from '../../../src/domain/ids.ts';
import { ChatDriver, post, type Wish } from './chat-driver.ts';

const edit = (at: number, body: string, ifVersion?: number): Wish => ({
  type: 'message.edit',
  seq: seq(at),
  body,
  ifVersion,
});
const remove = (at: number, scope: 'everyone' | 'me' = 'everyone'): Wish => ({
  type: 'message.delete',
  seq: seq(at),
  scope,
});
const react = (at: number, emoji: string, type: 'reaction.add' | 'reaction.remove' = 'reaction.add'): Wish => ({
  type,
  seq: seq(at),
  emoji,
});
const extras = { replyTo: null, mentions: [], mentionsAll: false, attachments: [] };

describe('editing a message', () => {
  it('does not take all of the text away', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('ann', post('one'));
    expect(chat.refusal('ann', edit(1, ''))).toBe('VALIDATION_FAILED');
  });

  it('counts versions from the post on, and shows whose message it is', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('bob', post('one'));
    expect(chat.must('ann', edit(1, 'two'))).toMatchObject({
      type: 'message.edited',
      rev: 3,
      seq: 1,
      version: 2,
      senderId: 'ann',
      post: { senderId: 'bob', clientMessageId: 'c-2' },
    });
    expect(chat.must('bob', edit(1, 'three'))).toMatchObject({ version: 3 });
    expect(chat.target(1, userId('bob'))?.message).toMatchObject({ body: 'three', version: 3, changedRev: 4 });
  });

  it('is refused when the message has another version by now', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('bob', post('one'));
    chat.must('bob', edit(1, 'two', 1));
    expect(chat.refusal('bob', edit(1, 'other', 1))).toBe('VERSION_CONFLICT');
    chat.must('bob', edit(1, 'three', 2));
  });

  it('bounds the text as a post does', () => {
    const chat = new ChatDriver([]);
    chat.must('ann', post());
    expect(chat.refusal('ann', edit(1, 'x'.repeat(maxBodyBytes + 1)))).toBe('PAYLOAD_TOO_LARGE');
  });

  it('of what was never posted, deleted, or from before somebody joined is refused', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('ann', post());
    expect(chat.refusal('ann', edit(2, 'x'))).toBe('TARGET_NOT_FOUND');
    chat.must('ann', { type: 'member.add', userId: userId('cid'), role: 'member' });
    expect(chat.refusal('cid', edit(1, 'x'))).toBe('TARGET_NOT_FOUND');
    expect(chat.refusal('cid', react(1, '👍'))).toBe('TARGET_NOT_FOUND');
    chat.must('ann', remove(1));
    expect(chat.refusal('ann', edit(1, 'x'))).toBe('TARGET_DELETED');
  });
});

describe('deleting a message', () => {
  it('keeps a stub for everyone, and its seq', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('bob', post());
    expect(chat.must('ann', remove(1))).toMatchObject({ seq: 1, scope: 'everyone', recipients: ['ann', 'bob'] });
    expect(chat.target(1, userId('ann'))?.message.removed).toBe('deleted');
    expect(chat.must('bob', post())).toMatchObject({ seq: 2 });
    expect(chat.refusal('ann', remove(1))).toBe('TARGET_DELETED');
  });

  it('for oneself tells nobody else and leaves the message to the others', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('ann', post());
    expect(chat.must('bob', remove(1, 'me'))).toMatchObject({ scope: 'me', recipients: ['bob'] });
    expect(chat.target(1, userId('ann'))?.message.removed).toBeNull();
    chat.must('ann', edit(1, 'still here'));
  });
});

describe('reactions', () => {
  it('count users by emoji, whatever comes twice', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('ann', post());
    chat.must('ann', react(1, '👍'));
    expect(chat.must('bob', react(1, '👍'))).toMatchObject({ counts: { '👍': 2 }, own: ['👍'] });
    expect(chat.must('bob', react(1, '👍'))).toMatchObject({ counts: { '👍': 2 }, own: ['👍'] });
    expect(chat.must('bob', react(1, '👍', 'reaction.remove'))).toMatchObject({ counts: { '👍': 1 }, own: [] });
    expect(chat.must('bob', react(1, '👍', 'reaction.remove'))).toMatchObject({ counts: { '👍': 1 }, own: [] });
    expect(chat.must('ann', react(1, '👍', 'reaction.remove'))).toMatchObject({ counts: {} });
  });

  it('have a bound of different emoji, which are still open to everybody', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('ann', post());
    for (let n = 0; n < maxEmoji; n++) chat.must('ann', react(1, `:${n}:`));
    expect(chat.refusal('bob', react(1, 'one more'))).toBe('VALIDATION_FAILED');
    chat.must('bob', react(1, ':3:'));
  });

  it('always equal what everybody has left, whatever the order', () => {
    const users = ['ann', 'bob', 'cid'];
    const move = fc.record({
      user: fc.constantFrom(...users),
      emoji: fc.constantFrom('a', 'b', 'c'),
      type: fc.constantFrom('reaction.add' as const, 'reaction.remove' as const),
    });
    fc.assert(
      fc.property(fc.array(move, { maxLength: 40, size: 'max' }), (moves) => {
        const chat = new ChatDriver(['bob', 'cid']);
        chat.must('ann', post());
        const held = new Set<string>();
        for (const { user, emoji, type } of moves) {
          chat.must(user, react(1, emoji, type));
          if (type === 'reaction.add') held.add(`${user} ${emoji}`);
          else held.delete(`${user} ${emoji}`);
        }
        const wanted: Record<string, number> = {};
        for (const one of held) wanted[one.split(' ')[1]!] = (wanted[one.split(' ')[1]!] ?? 0) + 1;
        expect(chat.target(1, userId('ann'))?.message.reactions).toEqual(wanted);
        for (const user of users)
          expect(chat.target(1, userId(user))?.own.toSorted()).toEqual(
            [...held]
              .filter((one) => one.startsWith(user))
              .map((one) => one.split(' ')[1]!)
              .sort(),
          );
      }),
    );
  });
});

describe('what a message has besides its text', () => {
  it('may answer a message that its sender can see', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('ann', post());
    chat.must('bob', post('re', { extras: { ...extras, replyTo: seq(1) } }));
    expect(chat.refusal('bob', post('re', { extras: { ...extras, replyTo: seq(3) } }))).toBe('TARGET_NOT_FOUND');
  });

  it('mentions members only', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('ann', post('hi', { extras: { ...extras, mentions: [userId('bob')] } }));
    expect(chat.refusal('ann', post('hi', { extras: { ...extras, mentions: [userId('eve')] } }))).toBe(
      'VALIDATION_FAILED',
    );
  });
});

describe('slow mode', () => {
  it('makes members wait, tells them how long, and leaves those alone who run the chat', () => {
    const chat = new ChatDriver(['bob'], { slowModeMs: 10_000 });
    chat.must('bob', post());
    chat.at = micros(chat.at + 4_000_000);
    expect(chat.try('bob', post())).toMatchObject({ rejection: { code: 'SLOW_MODE', retryAfterMs: 6_000 } });
    chat.must('ann', post());
    chat.must('ann', post());
    chat.at = micros(chat.at + 6_000_000);
    chat.must('bob', post());
  });
});

describe('erasing', () => {
  const erase = (user: string, ...seqs: number[]): Wish => ({
    type: 'message.erase',
    userId: userId(user),
    seqs: seqs.map(seq),
  });

  it('blanks what is that user’s, deleted or not, and passes over the rest', () => {
    const chat = new ChatDriver(['bob']);
    for (const sender of ['bob', 'ann', 'bob']) chat.must(sender, post());
    chat.must('bob', remove(3));
    expect(chat.must(systemSender, erase('bob', 1, 2, 3, 4))).toMatchObject({ seqs: [1, 3] });
    expect(chat.target(1, userId('ann'))?.message).toMatchObject({ removed: 'erased', body: '' });
    expect(chat.refusal(systemSender, erase('bob', 1, 3))).toBe('TARGET_NOT_FOUND');
    expect(chat.refusal('ann', edit(1, 'x'))).toBe('TARGET_DELETED');
  });

  it('passes over what is not kept any more, though it can still be read', () => {
    const chat = new ChatDriver([]);
    for (let n = 0; n < 3; n++) chat.must('ann', post());
    chat.must(systemSender, { type: 'chat.trim', bucket: 1, firstSeq: seq(2), firstRev: rev(3) });
    expect(chat.target(1, systemSender)).toBeDefined();
    expect(chat.must(systemSender, erase('ann', 1, 2))).toMatchObject({ seqs: [2] });
    expect(chat.refusal(systemSender, erase('ann', 1))).toBe('TARGET_NOT_FOUND');
  });
});

describe('trimming', () => {
  const trim = (firstSeq: number, firstRev: number): Wish => ({
    type: 'chat.trim',
    bucket: 1,
    firstSeq: seq(firstSeq),
    firstRev: rev(firstRev),
  });

  it('only moves forward, and hides what is gone', () => {
    const chat = new ChatDriver([]);
    for (let n = 0; n < 5; n++) chat.must('ann', post());
    chat.must(systemSender, trim(3, 4));
    expect(chat.state).toMatchObject({ firstSeq: 3, firstRev: 4, nextSeq: 6, nextRev: 8 });
    expect(chat.refusal('ann', edit(2, 'x'))).toBe('TARGET_NOT_FOUND');
    expect(chat.refusal(systemSender, trim(2, 3))).toBe('VALIDATION_FAILED');
    expect(chat.refusal(systemSender, trim(2, 5))).toBe('VALIDATION_FAILED');
    expect(chat.refusal(systemSender, trim(9, 99))).toBe('VALIDATION_FAILED');
  });
});

describe('a reaction that is called like a property of every object', () => {
  it.each(['__proto__', 'constructor', 'toString'])('%s is counted like any other', (name) => {
    const chat = new ChatDriver(['bob']);
    chat.must('ann', post('one'));
    chat.must('ann', react(1, name));
    expect(JSON.stringify(chat.must('bob', react(1, name)))).toContain(`"counts":{"${name}":2}`);
    chat.must('ann', react(1, name, 'reaction.remove'));
    expect(chat.must('bob', react(1, name, 'reaction.remove'))).toMatchObject({ own: [], counts: {} });
  });
});
