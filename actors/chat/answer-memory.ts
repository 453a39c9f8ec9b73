import type { RejectedCommand } from '../../src/application/decision.ts';
import type { Command } from '../../src/domain/chat/command.ts';

type Name = Pick<Command, 'chatId' | 'senderId' | 'clientMessageId'>;

/** Names a command within its chat. Neither of the two can hold a newline. */
export const commandKey = ({ senderId, clientMessageId }: Omit<Name, 'chatId'>): string =>
  `${senderId}\n${clientMessageId}`;

const keyInShard = (command: Name): string => `${command.chatId}\n${commandKey(command)}`;

/** The last rejections of a shard: a rejection leaves no entry, yet its delivery may come again when its ack was lost. */
export class RejectionMemory {
  readonly #rejections = new Map<string, RejectedCommand>();
  readonly #limit: number;

  constructor(limit = 4096) {
    this.#limit = limit;
  }

  remember(rejected: RejectedCommand): void {
    this.#rejections.set(keyInShard(rejected), rejected);
    if (this.#rejections.size <= this.#limit) return;
    for (const oldest of this.#rejections.keys()) {
      this.#rejections.delete(oldest);
      break;
    }
  }

  find(command: Command): RejectedCommand | undefined {
    const rejected = this.#rejections.get(keyInShard(command));
    return rejected?.fingerprint === command.fingerprint ? rejected : undefined;
  }
}
