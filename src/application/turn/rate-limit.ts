import type { Command } from '../../domain/chat/command.ts';
import type { Rejection } from '../../domain/chat/rejection.ts';
import { isSystem } from '../../domain/chat/system-sender.ts';
import type { Micros, UserId } from '../../domain/ids.ts';

/** A token bucket: so many at once, refilled at so many per second. */
export type Rate = { readonly perSecond: number; readonly burst: number };
/** Undefined: no limit. */
export type RateLimits = { readonly perUser: Rate | undefined; readonly perChat: Rate | undefined };

export const noRateLimits: RateLimits = { perUser: undefined, perChat: undefined };

/** A sender's clock is believed this far back: what waited in a queue during an outage was not sent in one second. */
const believedMicros = 3_600_000_000;
const maxUsers = 1_000;

/** The buckets of one chat, in memory: a chat that is opened anew begins with full ones. Each is one number, the time at which it will
 *  be full again. */
export class ChatRates {
  readonly #limits: RateLimits;
  readonly #users = new Map<UserId, number>();
  #chat = 0;

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  /** Takes a token for this command, or says when there will be one. */
  take(command: Command, at: Micros): Rejection | undefined {
    const { perUser, perChat } = this.#limits;
    if ((perUser === undefined && perChat === undefined) || isSystem(command.senderId)) return undefined;
    const sent = sentWhen(command, at);
    const user = perUser && filled(perUser, this.#users.get(command.senderId) ?? 0, sent);
    const chat = perChat && filled(perChat, this.#chat, sent);
    const waitMicros = Math.max(user?.waitMicros ?? 0, chat?.waitMicros ?? 0);
    if (waitMicros > 0) {
      return {
        code: 'RATE_LIMITED',
        reason: `Too many commands ${(user?.waitMicros ?? 0) > 0 ? 'of this user ' : ''}in this chat.`,
        retryAfterMs: Math.ceil(waitMicros / 1000),
      };
    }
    if (user !== undefined) this.#remember(command.senderId, user.fullAt);
    if (chat !== undefined) this.#chat = chat.fullAt;
    return undefined;
  }

  /** The one that was used longest ago is forgotten: it is the fullest. */
  #remember(user: UserId, fullAt: number): void {
    this.#users.delete(user);
    this.#users.set(user, fullAt);
    if (this.#users.size <= maxUsers) return;
    for (const oldest of this.#users.keys()) {
      this.#users.delete(oldest);
      return;
    }
  }
}

const filled = ({ perSecond, burst }: Rate, fullAt: number, now: number) => {
  const micros = 1_000_000 / perSecond;
  const next = Math.max(fullAt, now) + micros;
  return { fullAt: next, waitMicros: Math.max(0, next - now - burst * micros) };
};

const sentWhen = ({ sentAt }: Command, at: Micros): number => {
  const claimed = sentAt === undefined ? Number.NaN : Date.parse(sentAt) * 1000;
  return claimed <= at && claimed >= at - believedMicros ? claimed : at;
};
