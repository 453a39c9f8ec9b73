import type { RejectedCommand } from '../../src/application/decision.ts';
import type { Command } from '../../src/domain/chat/command.ts';

/** Names a command within a shard. None of the three can hold a newline. */
export const commandKey = ({
  chatId,
  senderId,
  clientMessageId,
}: Pick<Command, 'chatId' | 'senderId' | 'clientMessageId'>): string => `${chatId}\n${senderId}\n${clientMessageId}`;

/** The last rejections of a shard: a rejection leaves no entry, yet its delivery may come again when its ack was lost. */
export class RejectionMemory {
  readonly #rejections = new Map<string, RejectedCommand>();
  readonly #limit: number;

  constructor(limit = 4096) {
    this.#limit = limit;
  }

  remember(rejected: RejectedCommand): void {
    this.#rejections.set(commandKey(rejected), rejected);
    if (this.#rejections.size <= this.#limit) return;
    for (const oldest of this.#rejections.keys()) {
      this.#rejections.delete(oldest);
      break;
    }
  }

  /** By the command's key. */
  find(key: string, fingerprint: string): RejectedCommand | undefined {
    const rejected = this.#rejections.get(key);
    return rejected?.fingerprint === fingerprint ? rejected : undefined;
  }
}
