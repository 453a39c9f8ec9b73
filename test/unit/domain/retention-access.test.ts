import { expect, it } from 'vitest';
import { accessRequestsOf } from '../../../src/domain/access/access-request.ts';
import type { ChatSettings } from '../../../src/domain/chat/chat-state.ts';
import { micros } from '../../../src/domain/ids.ts';
import { command, create } from '../../support/commands.ts';
import { ChatDriver } from './chat-driver.ts';

const chat = new ChatDriver(['2']);
const update = (settings: Partial<ChatSettings>, sender = 'ann') =>
  accessRequestsOf(
    chat.state,
    command('g-1', 'c', { type: 'chat.update', settings }, { sender }),
    new Map(),
    micros(0),
  );

it('the policy is asked about retention by itself, whenever a command names it', () => {
  expect(update({ title: 'Rome' }).map(({ action }) => action)).toEqual(['chat:update']);
  for (const retentionDays of [7, null])
    expect(update({ title: 'Rome', retentionDays }).map(({ action }) => action)).toEqual([
      'chat:update',
      'chat:set_retention',
    ]);
  expect(update({ retentionDays: 7 }).map(({ facts }) => facts.role)).toEqual(['owner', 'owner']);
  expect(update({ retentionDays: 7 }, '2').map(({ facts }) => facts.role)).toEqual(['member', 'member']);
});

it('whoever creates a chat is asked about as its owner', () => {
  const made = (settings: Partial<ChatSettings>) =>
    accessRequestsOf(undefined, { ...create('g-2'), settings } as never, new Map(), micros(0));
  expect(made({}).map(({ action }) => action)).toEqual(['chat:create']);
  expect(made({ retentionDays: 7 })).toMatchObject([
    { action: 'chat:create', facts: { role: 'none', is_member: false } },
    { action: 'chat:set_retention', facts: { role: 'owner', chat_kind: 'group' } },
  ]);
});
