import type { AccessDecision } from '../../../src/domain/access/access-request.ts';
import type { ChatKind, ChatSettings, ChatState } from '../../../src/domain/chat/chat-state.ts';
import { type Command, targetsOf } from '../../../src/domain/chat/command.ts';
import { decide } from '../../../src/domain/chat/decide.ts';
import type { Entry } from '../../../src/domain/chat/entry.ts';
import { evolve } from '../../../src/domain/chat/evolve.ts';
import { evolveTarget, posted, type Target } from '../../../src/domain/chat/message-state.ts';
import type { Verdict } from '../../../src/domain/chat/verdict.ts';
import {
  chatId,
  clientMessageId,
  type Micros,
  micros,
  type Seq,
  type UserId,
  userId,
} from '../../../src/domain/ids.ts';

/** A command without what every command has. */
export type Wish<T = Command> = T extends Command
  ? Omit<T, 'chatId' | 'senderId' | 'clientMessageId' | 'fingerprint' | 'sentAt'>
  : never;

export const post = (body = 'hi', more: Partial<Wish<Extract<Command, { type: 'message.post' }>>> = {}): Wish => ({
  type: 'message.post',
  body,
  extras: null,
  recipientId: undefined,
  seedForm: false,
  ...more,
});

/** One chat in memory, whose state and messages are nothing but its entries folded. */
export class ChatDriver {
  readonly entries: Entry[] = [];
  state: ChatState | undefined;
  at: Micros = micros(1_764_000_000_000_000);
  access: AccessDecision = { effect: 'permit' };
  #commands = 0;

  constructor(memberIds: readonly string[], settings: Partial<ChatSettings> = {}, kind: ChatKind = 'group') {
    this.must('ann', { type: 'chat.create', kind, settings, memberIds: memberIds.map(userId) });
  }

  try(sender: string, wish: Wish): Verdict {
    const command = {
      ...wish,
      chatId: chatId('g-1'),
      senderId: userId(sender),
      clientMessageId: clientMessageId(`c-${++this.#commands}`),
      fingerprint: 'f',
      sentAt: undefined,
    } as Command;
    const targets = new Map<Seq, Target>();
    for (const seq of targetsOf(command)) {
      const target = this.target(seq, command.senderId);
      if (target !== undefined) targets.set(seq, target);
    }
    const verdict = decide(this.state, command, { access: this.access, at: this.at, targets });
    if (verdict.kind === 'accepted') {
      for (const entry of verdict.entries) {
        this.state = evolve(this.state, entry);
        this.entries.push(entry);
      }
    }
    return verdict;
  }

  /** The one entry that it makes; throws when it is not accepted. */
  must(sender: string, wish: Wish): Entry {
    const verdict = this.try(sender, wish);
    if (verdict.kind !== 'accepted' || verdict.entries.length !== 1) throw new Error(JSON.stringify(verdict));
    return verdict.entries[0]!;
  }

  /** Its code; throws when it is accepted. */
  refusal(sender: string, wish: Wish): string {
    const verdict = this.try(sender, wish);
    if (verdict.kind !== 'rejected') throw new Error(`not rejected: ${JSON.stringify(verdict)}`);
    return verdict.rejection.code;
  }

  target(seq: number, viewer: UserId): Target | undefined {
    const entry = this.entries.find((one) => one.type === 'message.posted' && one.seq === seq);
    if (entry?.type !== 'message.posted') return undefined;
    return this.entries.reduce<Target>((target, one) => evolveTarget(target, one, viewer), {
      message: posted(entry),
      own: [],
      bucket: 0,
    });
  }
}
