import { type Answer, rejectionOf } from '../../../src/application/decision.ts';
import type { ChatReader } from '../../../src/application/ports/chat-reader.ts';
import type { CommandSender } from '../../../src/application/ports/command-sender.ts';
import type { PolicyDecisionPoint } from '../../../src/application/ports/policy-decision-point.ts';
import type { AccessRequest } from '../../../src/domain/access/access-request.ts';
import type { ChatState } from '../../../src/domain/chat/chat-state.ts';
import type { Command } from '../../../src/domain/chat/command.ts';
import { decide, evolve } from '../../../src/domain/chat/decide.ts';
import type { Entry, MessagePosted } from '../../../src/domain/chat/entry.ts';
import { micros, rev } from '../../../src/domain/ids.ts';
import { eventBody } from '../../../src/interface-adapters/amqp/event-json.ts';

type Log = { state: ChatState; entries: Entry[] };

/** The ports that HTTP needs over one map, with the domain's own decisions. Replace a method to make it fail. */
export type FakePorts = {
  readonly sender: { send: CommandSender['send'] };
  readonly reader: { -readonly [Name in keyof ChatReader]: ChatReader[Name] };
  readonly policy: { decide: PolicyDecisionPoint['decide'] };
  readonly sent: { command: Command; timeoutMs: number }[];
  readonly asked: AccessRequest[];
};

const at = micros(1_795_000_000_000_000);

export const fakePorts = (): FakePorts => {
  const chats = new Map<string, Log>();
  const sent: FakePorts['sent'] = [];
  const asked: AccessRequest[] = [];

  const answer = (command: Command): { answer: Answer; replayed: boolean } => {
    const log = chats.get(command.chatId);
    const first = log?.entries.find(
      (entry) => entry.senderId === command.senderId && entry.clientMessageId === command.clientMessageId,
    );
    const rejected = (code: 'IDEMPOTENCY_KEY_REUSED', reason: string) =>
      rejectionOf(command, { code, reason }, 'then', at);
    if (first !== undefined) {
      return first.fingerprint === command.fingerprint
        ? { answer: first, replayed: true }
        : { answer: rejected('IDEMPOTENCY_KEY_REUSED', 'used for something else'), replayed: false };
    }
    const verdict = decide(log?.state, command, { effect: 'permit' }, at);
    if (verdict.kind === 'rejected')
      return { answer: rejectionOf(command, verdict.rejection, 'then', at), replayed: false };
    if (verdict.kind === 'exists') return { answer: log!.entries[0]!, replayed: false };
    const entry = verdict.entries.at(-1)!;
    chats.set(command.chatId, { state: evolve(log?.state, entry), entries: [...(log?.entries ?? []), entry] });
    return { answer: entry, replayed: false };
  };

  const posts = (log: Log): MessagePosted[] => log.entries.filter((entry) => entry.type === 'message.posted');

  return {
    sent,
    asked,
    sender: {
      send: async (command, timeoutMs) => {
        sent.push({ command, timeoutMs });
        const result = answer(command);
        return { event: eventBody(result.answer), replayed: result.replayed };
      },
    },
    reader: {
      chat: async (id) => {
        const log = chats.get(id);
        if (log === undefined) return undefined;
        const { kind, title, roster, nextSeq, nextRev } = log.state;
        const members = [...roster].map(([userId, role]) => ({ userId, role }));
        return { id, kind, title, members, lastSeq: nextSeq - 1, rev: rev(nextRev - 1) };
      },
      standing: async (id, userId) => {
        const state = chats.get(id)?.state;
        return state && { kind: state.kind, role: state.roster.get(userId) };
      },
      page: async ({ chatId, anchor, limit }) => {
        const log = chats.get(chatId);
        if (log === undefined) return undefined;
        const all = posts(log);
        const last = all.length;
        const from =
          anchor.at === 'newest'
            ? last - limit + 1
            : anchor.at === 'before'
              ? anchor.seq - limit
              : anchor.at === 'after'
                ? anchor.seq + 1
                : anchor.seq - Math.floor(limit / 2);
        const to = anchor.at === 'newest' ? last : anchor.at === 'before' ? anchor.seq - 1 : from + limit - 1;
        const items = all.filter(({ seq }) => seq >= from && seq <= to).reverse();
        return {
          items,
          hasOlder: from > 1 && last > 0,
          hasNewer: to < last,
          firstSeq: Math.min(1, last),
          lastSeq: last,
        };
      },
      home: async () => undefined,
      ping: async () => undefined,
    },
    policy: {
      decide: async (requests) => {
        asked.push(...requests);
        return requests.map(() => ({ effect: 'permit' }));
      },
    },
  };
};
