import { describe, expect, it } from 'vitest';
import type { AccessDecision } from '../../../src/domain/access/access-request.ts';
import { type ChatState, defaultSettings } from '../../../src/domain/chat/chat-state.ts';
import { maxBodyBytes, maxMembers } from '../../../src/domain/chat/command.ts';
import { decide } from '../../../src/domain/chat/decide.ts';
import { evolve } from '../../../src/domain/chat/evolve.ts';
import { chatId, clientMessageId, micros, userId } from '../../../src/domain/ids.ts';
import { createChatCommand, postMessageCommand } from '../../../src/interface-adapters/amqp/command-json.ts';

const at = micros(1_764_000_000_000_123);
const grounds = (access: AccessDecision) => ({ access, at, targets: new Map() });
const permit = grounds({ effect: 'permit' });
const [ann, bob, cid] = [userId('1'), userId('2'), userId('3')];
const id = chatId('g-1');
const named = (senderId: typeof ann, client = 'm-1') => ({
  chatId: id,
  senderId,
  clientMessageId: clientMessageId(client),
});

const create = (kind: 'direct' | 'group', memberIds = [bob], title?: string) =>
  createChatCommand(named(ann, 'create'), { kind, memberIds, settings: title === undefined ? {} : { title } });
const chatOf = (kind: 'direct' | 'group', memberIds = [bob]): ChatState => {
  const verdict = decide(undefined, create(kind, memberIds), permit);
  if (verdict.kind !== 'accepted') throw new Error(verdict.kind);
  return verdict.entries.reduce<ChatState | undefined>(evolve, undefined)!;
};
const post = (senderId = ann, body = 'hi', recipientId?: typeof ann) =>
  postMessageCommand(named(senderId), { body, recipientId });

describe('creating a chat', () => {
  it('makes the creator its owner, listed or not, and everybody else a member', () => {
    for (const memberIds of [
      [bob, cid],
      [ann, bob, cid],
    ]) {
      expect(decide(undefined, create('group', memberIds, 'Trip'), permit)).toMatchObject({
        kind: 'accepted',
        entries: [
          {
            type: 'chat.created',
            rev: 1,
            settings: { ...defaultSettings, title: 'Trip' },
            members: [
              { userId: ann, role: 'owner' },
              { userId: bob, role: 'member' },
              { userId: cid, role: 'member' },
            ],
          },
        ],
      });
    }
  });

  it('answers with the direct chat that is there, and refuses a second group of the same id', () => {
    expect(decide(chatOf('direct'), create('direct'), permit)).toEqual({ kind: 'exists' });
    expect(decide(chatOf('group'), create('group'), permit)).toMatchObject({
      kind: 'rejected',
      rejection: { code: 'FORBIDDEN' },
    });
  });

  it('needs two different users at most for a direct chat', () => {
    expect(decide(undefined, create('direct', [bob, cid]), permit)).toMatchObject({
      rejection: { code: 'VALIDATION_FAILED' },
    });
    expect(decide(undefined, create('direct', [ann]), permit)).toMatchObject({ kind: 'accepted' });
  });

  it('has at most 10,000 members, the creator included', () => {
    const ids = Array.from({ length: maxMembers }, (_, index) => userId(`u${index}`));
    expect(decide(undefined, create('group', ids), permit)).toMatchObject({
      rejection: { code: 'VALIDATION_FAILED' },
    });
    expect(decide(undefined, create('group', ids.slice(1)), permit)).toMatchObject({ kind: 'accepted' });
  });

  it('is refused with the policy’s own code', () => {
    const deny = grounds({ effect: 'deny', code: 'POLICY_DENIED', reason: 'no' });
    expect(decide(undefined, create('group'), deny)).toMatchObject({
      kind: 'rejected',
      rejection: { code: 'POLICY_DENIED' },
    });
  });
});

describe('posting a message', () => {
  it('numbers messages and entries without gaps', () => {
    let chat = chatOf('group');
    for (let n = 1; n <= 5; n++) {
      const verdict = decide(chat, post(), permit);
      if (verdict.kind !== 'accepted') throw new Error(verdict.kind);
      expect(verdict.entries).toMatchObject([{ seq: n, rev: n + 1 }]);
      chat = evolve(chat, verdict.entries[0]!);
    }
  });

  it('names the other member of a direct chat, and nobody in a group', () => {
    expect(decide(chatOf('direct'), post(bob), permit)).toMatchObject({
      entries: [{ recipientId: ann, recipients: [ann, bob] }],
    });
    expect(decide(chatOf('group'), post(bob), permit)).toMatchObject({ entries: [{ recipientId: null }] });
  });

  it('passes the sender’s time through, and uses its own when there is none', () => {
    const timed = postMessageCommand({ ...named(ann), sentAt: '2001-01-01T00:00:00.000001Z' }, { body: '' });
    expect(decide(chatOf('group'), timed, permit)).toMatchObject({
      entries: [{ sentAt: '2001-01-01T00:00:00.000001Z' }],
    });
    expect(decide(chatOf('group'), post(), permit)).toMatchObject({
      entries: [{ sentAt: '2025-11-24T16:00:00.000123Z' }],
    });
  });

  it('is refused to strangers even when the policy permits', () => {
    expect(decide(chatOf('group'), post(cid), permit)).toMatchObject({ rejection: { code: 'NOT_A_MEMBER' } });
    expect(decide(undefined, post(), permit)).toMatchObject({ rejection: { code: 'CHAT_NOT_FOUND' } });
  });

  it('holds a seed sender to exactly the two users of the chat', () => {
    expect(decide(chatOf('group', [bob, cid]), post(ann, 'hi', bob), permit)).toMatchObject({
      rejection: { code: 'NOT_A_MEMBER' },
    });
    expect(decide(chatOf('direct'), post(ann, 'hi', bob), permit)).toMatchObject({ kind: 'accepted' });
    expect(decide(chatOf('direct'), post(ann, 'hi', ann), permit)).toMatchObject({
      rejection: { code: 'NOT_A_MEMBER' },
    });
    expect(decide(chatOf('direct', [ann]), post(ann, 'hi', ann), permit)).toMatchObject({ kind: 'accepted' });
  });

  it('bounds the text by its bytes in UTF-8', () => {
    const exact = 'é'.repeat(maxBodyBytes / 2);
    expect(decide(chatOf('group'), post(ann, exact), permit)).toMatchObject({ kind: 'accepted' });
    expect(decide(chatOf('group'), post(ann, `${exact}x`), permit)).toMatchObject({
      rejection: { code: 'PAYLOAD_TOO_LARGE' },
    });
    expect(decide(chatOf('group'), post(ann, '😀'.repeat(maxBodyBytes / 4)), permit)).toMatchObject({
      kind: 'accepted',
    });
  });
});
