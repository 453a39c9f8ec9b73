import { rejectionOf } from '../../src/application/decision.ts';
import type { ChatState } from '../../src/domain/chat/chat-state.ts';
import { type Command, changesAccess, targetsOf } from '../../src/domain/chat/command.ts';
import { decide } from '../../src/domain/chat/decide.ts';
import type { Entry } from '../../src/domain/chat/entry.ts';
import { evolve } from '../../src/domain/chat/evolve.ts';
import { evolveTarget, posted, type Target } from '../../src/domain/chat/message-state.ts';
import { micros, type Seq } from '../../src/domain/ids.ts';
import { commandOfJson } from '../../src/interface-adapters/amqp/command-json.ts';
import { eventJson } from '../../src/interface-adapters/amqp/event-json.ts';

/** A small story: what the service was asked, one command of each kind, and what it announced. */
const chat = { chat_id: 'g-4f1d2a' };
const sent = (type: string, sender_id: number | string, id: string, content: object) => ({
  type,
  ...chat,
  sender_id,
  client_message_id: id,
  sent_at: '2026-11-23T10:00:00.000000Z',
  ...content,
});

const attachment = { url: 'https://files.example/rome.jpg', name: 'rome.jpg', media_type: 'image/jpeg', size: 482_113 };

const story = [
  sent('chat.create', 7, 'c-1', { kind: 'group', title: 'Trip', member_ids: [8, 'u-9'] }),
  sent('message.post', 7, 'c-2', { body: 'Rome?' }),
  sent('message.post', 8, 'c-3', { body: 'Yes!', reply_to: 1, mentions: [7], attachments: [attachment] }),
  sent('message.edit', 7, 'c-4', { seq: 1, body: 'Rome in May?', if_version: 1 }),
  sent('reaction.add', 'u-9', 'c-5', { seq: 2, emoji: '👍' }),
  sent('reaction.remove', 'u-9', 'c-6', { seq: 2, emoji: '👍' }),
  sent('chat.update', 7, 'c-7', { title: 'Rome', slow_mode_ms: 5000, history: 'full' }),
  sent('member.add', 7, 'c-8', { user_id: 10, role: 'guest' }),
  sent('member.set_role', 7, 'c-9', { user_id: 8, role: 'admin' }),
  sent('member.mute', 8, 'c-10', { user_id: 10, until: '2026-11-24T10:00:00.000000Z' }),
  sent('member.remove', 7, 'c-11', { user_id: 10 }),
  sent('message.delete', 8, 'c-12', { seq: 2, for: 'everyone' }),
  sent('message.erase', 'system', 'c-13', { user_id: 8, seqs: [2] }),
  sent('chat.trim', 'system', 'c-14', { bucket: 1, first_seq: 3, first_rev: 14 }),
];

/** By type; of those that come twice the last one. */
export const commandExamples: Readonly<Record<string, object>> = Object.fromEntries(
  story.map((command) => [command.type, command]),
);

export const seedExample = {
  id: null,
  client_message_id: 'f3a9',
  chat_id: 'd-0123456789abcdef0123456789abcdef',
  sender_id: 7,
  recipient_id: 8,
  status: 'sent',
  sent_at: '2026-11-23T10:00:00.000000Z',
  delivered_at: null,
  body: 'Hello',
  is_edited: false,
  is_deleted: false,
};

export const batchExample = {
  type: 'batch',
  ...chat,
  commands: [
    { type: 'message.post', sender_id: 7, client_message_id: 'b-1', body: 'one' },
    { type: 'message.post', sender_id: 8, client_message_id: 'b-2', body: 'two' },
  ],
};

const commandOf = (json: object): Command => {
  const read = commandOfJson(json);
  if (!read.ok) throw new Error(read.reason);
  return read.command;
};

const tell = (): readonly Entry[] => {
  const entries: Entry[] = [];
  let state: ChatState | undefined;
  let changesAt = 0;
  for (const [index, json] of story.entries()) {
    const command = commandOf(json);
    const targets = new Map<Seq, Target>();
    for (const seq of targetsOf(command)) {
      const post = entries.find((entry) => entry.type === 'message.posted' && entry.seq === seq);
      if (post?.type !== 'message.posted') continue;
      const first: Target = { message: posted(post), own: [], bucket: 0 };
      targets.set(
        seq,
        entries.reduce((target, entry) => evolveTarget(target, entry, command.senderId), first),
      );
    }
    const at = micros(1_795_428_000_120_000 + index * 1_000_000);
    const verdict = decide(state, command, { access: { effect: 'permit' }, at, targets });
    if (verdict.kind !== 'accepted') throw new Error(`the story breaks off at ${command.type}: ${verdict.kind}`);
    const receipt = { policy: 'q0Zt3m9A', rules: ['members-write'], rosterRev: changesAt };
    if (changesAccess(command)) changesAt = entries.length + 1;
    for (const entry of verdict.entries.map((one) => ({ ...one, receipt }))) {
      state = evolve(state, entry);
      entries.push(entry);
    }
  }
  return entries;
};

const rejectedAt = micros(1_795_428_100_000_000);
const slow = { code: 'SLOW_MODE', reason: 'The chat is in slow mode.', retryAfterMs: 3200 } as const;
const forbidden = { code: 'POLICY_DENIED', reason: 'Guests do not change the chat.' } as const;
const refused = [
  rejectionOf(commandOf(commandExamples['message.post']!), slow, '2026-11-23T10:00:00.000000Z', rejectedAt),
  rejectionOf(commandOf(commandExamples['chat.update']!), forbidden, '2026-11-23T10:00:00.000000Z', rejectedAt, {
    policy: 'q0Zt3m9A',
    rules: [],
    rosterRev: 1,
  }),
];

/** By type, as they follow from the commands above. */
export const eventExamples: Readonly<Record<string, object>> = Object.fromEntries(
  [...tell(), ...refused].map((answer) => [answer.type, eventJson(answer)]),
);
