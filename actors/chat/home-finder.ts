import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import { type ResidentChat, residentChat } from '../../src/application/turn/resident-chat.ts';
import type { ChatId, ShardNumber } from '../../src/domain/ids.ts';
import type { ShardContext } from './chat.protocol.ts';
import { patiently } from './patience.ts';

/** Opens a chat where it is at home, and sends what arrives anywhere else there. */
export class HomeFinder {
  readonly #id: ChatId;
  readonly #context: ShardContext;
  /** Homes never move, so a found one is kept; absence is never kept. */
  #home: ShardNumber | undefined;

  constructor(id: ChatId, context: ShardContext) {
    this.#id = id;
    this.#context = context;
  }

  /** The chat as the store has it (perhaps not existing), or undefined when the turn was forwarded to its home. */
  async open(turn: readonly Delivery[]): Promise<ResidentChat | undefined> {
    const { store, hashKey, logical, rates } = this.#context;
    this.#home ??= await patiently('reading the home of a chat', this.#context, () => store.home(this.#id));
    if (this.#home === undefined && turn.some(({ command }) => command.type === 'chat.create')) {
      this.#home = await patiently('claiming the home of a chat', this.#context, () =>
        store.claimHome(this.#id, logical.shard),
      );
    }
    if (this.#home === undefined) return residentChat(this.#id, undefined, hashKey, rates);
    if (this.#home !== logical.shard) {
      // One at a time: two unconfirmed forwards could change places. When the channel is lost meanwhile, all of them come again.
      for (const delivery of turn) if (delivery.live) await delivery.forward(this.#home);
      return undefined;
    }
    const snapshot = await patiently('opening a chat', this.#context, () => store.open(this.#id));
    return residentChat(this.#id, snapshot, hashKey, rates);
  }
}
