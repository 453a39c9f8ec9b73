import type { ChatId } from '../../domain/ids.ts';

/** One line per chat: what joins it begins when what stands before it is done. Different chats do not wait for each other. */
export class ChatLines {
  readonly #last = new Map<ChatId, Promise<void>>();

  /** `task` must not reject. */
  join(chatId: ChatId, task: () => Promise<void>): void {
    const before = this.#last.get(chatId);
    const done = (before === undefined ? task() : before.then(task)).then(() => {
      if (this.#last.get(chatId) === done) this.#last.delete(chatId);
    });
    this.#last.set(chatId, done);
  }
}
