import { describe, expect, it } from 'vitest';
import { maxListedRecipients } from '../../../src/domain/chat/command.ts';
import type { Role } from '../../../src/domain/chat/roster.ts';
import { micros, seq, userId } from '../../../src/domain/ids.ts';
import { ChatDriver, post, type Wish } from './chat-driver.ts';

const add = (user: string, role: Role = 'member'): Wish => ({ type: 'member.add', userId: userId(user), role });
const remove = (user: string): Wish => ({ type: 'member.remove', userId: userId(user) });
const setRole = (user: string, role: Role): Wish => ({ type: 'member.set_role', userId: userId(user), role });
const update = (settings: object): Wish => ({ type: 'chat.update', settings });

describe('a new member', () => {
  it('sees what is posted from then on', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('ann', post());
    expect(chat.must('ann', add('cid'))).toMatchObject({ fromSeq: 2, fromRev: 3, recipients: ['ann', 'bob', 'cid'] });
    expect(chat.state?.roster.get(userId('cid'))).toMatchObject({ role: 'member', fromSeq: 2 });
  });

  it('sees everything where the chat says so', () => {
    const chat = new ChatDriver([], { history: 'full' });
    chat.must('ann', post());
    expect(chat.must('ann', add('cid'))).toMatchObject({ fromSeq: 1, fromRev: 1 });
  });

  it('who was one before sees no more than any other', () => {
    const chat = new ChatDriver(['bob']);
    chat.must('ann', post());
    chat.must('ann', remove('bob'));
    chat.must('ann', post());
    expect(chat.must('ann', add('bob'))).toMatchObject({ fromSeq: 3 });
  });

  it('makes the chat large when events no longer list everybody, once and for all', () => {
    const chat = new ChatDriver(Array.from({ length: maxListedRecipients - 1 }, (_, n) => `u${n}`));
    const entry = chat.must('ann', add('one-more'));
    expect(entry).toMatchObject({ recipients: null, becameLarge: { length: maxListedRecipients + 1 } });
    expect(chat.state?.large).toBe(true);
    chat.must('ann', remove('one-more'));
    expect(chat.must('ann', add('one-more'))).toMatchObject({ becameLarge: null });
  });

  it('stands where every store puts it: the creator first, then by id', () => {
    const chat = new ChatDriver(['bob', 'dan']);
    chat.must('ann', add('cid'));
    expect([...chat.state!.roster.keys()]).toEqual(['ann', 'bob', 'cid', 'dan']);
  });

  it('stands where every store puts it once the creator has left, and when the creator comes back', () => {
    const chat = new ChatDriver(['dan', 'zoe']);
    chat.must('ann', setRole('zoe', 'owner'));
    chat.must('ann', remove('ann'));
    expect(chat.must('zoe', add('bob'))).toMatchObject({ type: 'member.added' });
    expect(chat.must('zoe', post())).toMatchObject({ recipients: ['bob', 'dan', 'zoe'] });
    chat.must('zoe', add('aaron'));
    expect(chat.must('zoe', post())).toMatchObject({ recipients: ['aaron', 'bob', 'dan', 'zoe'] });
    chat.must('zoe', add('ann'));
    expect(chat.must('zoe', post())).toMatchObject({ recipients: ['ann', 'aaron', 'bob', 'dan', 'zoe'] });
  });

  it('who sees what was posted before may have hidden some of it', () => {
    const chat = new ChatDriver(['bob'], { history: 'full' });
    chat.must('ann', post());
    chat.must('bob', { type: 'message.delete', seq: seq(1), scope: 'me' });
    chat.must('ann', remove('bob'));
    chat.must('ann', add('bob'));
    expect(chat.state?.roster.get(userId('bob'))).toMatchObject({ hides: true });
    chat.must('ann', update({ history: 'joined' }));
    chat.must('ann', add('cid'));
    expect(chat.state?.roster.get(userId('cid'))).toMatchObject({ hides: false });
  });
});

describe('who is removed', () => {
  it('hears of it, and can do nothing from the very next command on', () => {
    const chat = new ChatDriver(['bob']);
    expect(chat.must('ann', remove('bob'))).toMatchObject({ recipients: ['ann', 'bob'] });
    expect(chat.refusal('bob', post())).toBe('NOT_A_MEMBER');
    expect(chat.must('ann', post())).toMatchObject({ recipients: ['ann'] });
  });

  it('is not the last owner, unless nobody else is there', () => {
    const chat = new ChatDriver(['bob']);
    expect(chat.refusal('ann', remove('ann'))).toBe('FORBIDDEN');
    chat.must('ann', setRole('bob', 'owner'));
    chat.must('ann', remove('ann'));
    expect(chat.refusal('bob', setRole('bob', 'member'))).toBe('FORBIDDEN');
    chat.must('bob', remove('bob'));
    expect(chat.state?.roster.size).toBe(0);
  });
});

describe('commands about members', () => {
  it('need one, or none, as the case may be', () => {
    const chat = new ChatDriver(['bob']);
    expect(chat.refusal('ann', add('bob'))).toBe('VALIDATION_FAILED');
    expect(chat.refusal('ann', remove('eve'))).toBe('TARGET_NOT_FOUND');
    expect(chat.refusal('ann', setRole('eve', 'admin'))).toBe('TARGET_NOT_FOUND');
    expect(chat.refusal('eve', add('dan'))).toBe('NOT_A_MEMBER');
  });

  it('never change the two of a direct chat', () => {
    const chat = new ChatDriver(['bob'], {}, 'direct');
    for (const wish of [add('cid'), remove('bob'), setRole('bob', 'admin')])
      expect(chat.refusal('ann', wish)).toBe('FORBIDDEN');
  });

  it('mute until a time, and end it', () => {
    const chat = new ChatDriver(['bob']);
    const until = micros(chat.at + 1);
    chat.must('ann', { type: 'member.mute', userId: userId('bob'), until });
    expect(chat.state?.roster.get(userId('bob'))?.mutedUntil).toBe(until);
    chat.must('ann', { type: 'member.mute', userId: userId('bob'), until: null });
    expect(chat.state?.roster.get(userId('bob'))?.mutedUntil).toBeNull();
  });
});

describe('settings', () => {
  it('change where they are named, and the entry says all of them', () => {
    const chat = new ChatDriver([], { title: 'Trip' });
    expect(chat.must('ann', update({ slowModeMs: 5_000 }))).toMatchObject({
      settings: { title: 'Trip', slowModeMs: 5_000, closed: false, history: 'joined', retentionDays: null },
    });
    expect(chat.must('ann', update({ title: null })).type).toBe('chat.updated');
    expect(chat.state?.settings).toMatchObject({ title: null, slowModeMs: 5_000 });
  });

  it.each([{ title: 'x'.repeat(201) }, { slowModeMs: -1 }, { slowModeMs: 1.5 }, { retentionDays: 0 }])(
    'are bounded: %o',
    (settings) => {
      expect(new ChatDriver([]).refusal('ann', update(settings))).toBe('VALIDATION_FAILED');
    },
  );
});
