import type { ChatId, ShardNumber, UserId } from '../../domain/ids.ts';

/** Where a walk goes on. Opaque: it means something to the store that gave it, for ever. */
export type CataloguePosition = string;

export type CatalogueEntry = {
  readonly chatId: ChatId;
  readonly home: ShardNumber;
  readonly position: CataloguePosition;
};

/** For work that goes through chats by itself, beside those who use them.
 *
 *  To the implementer: a walk from `undefined` on meets every chat that was there when it began exactly once, however long it takes and
 *  whatever is created meanwhile; the order is yours. An empty page is the end. What a page costs MUST NOT depend on where it lies. */
export type ChatCatalogue = {
  /** Every chat that has a home; one that is just coming into being may have nothing else yet. */
  chats(after: CataloguePosition | undefined, limit: number): Promise<readonly CatalogueEntry[]>;
  /** Every chat that this user was ever a member of, whether or not they still are. */
  chatsEverOf(
    userId: UserId,
    after: CataloguePosition | undefined,
    limit: number,
  ): Promise<readonly Omit<CatalogueEntry, 'home'>[]>;
};
