import type { ChatKind } from '../../domain/chat/command.ts';
import type { MessagePosted } from '../../domain/chat/entry.ts';
import type { Role } from '../../domain/chat/roster.ts';
import type { ChatId, Rev, Seq, ShardNumber, UserId } from '../../domain/ids.ts';

export type ChatView = {
  readonly id: ChatId;
  readonly kind: ChatKind;
  readonly title: string | null;
  /** The creator first, then in the order of their ids. */
  readonly members: readonly { readonly userId: UserId; readonly role: Role }[];
  /** 0 while nothing is posted. */
  readonly lastSeq: number;
  readonly rev: Rev;
};

/** One user's standing in one chat, without reading its roster. */
export type Standing = { readonly kind: ChatKind; readonly role: Role | undefined };

export type PageRequest = {
  readonly chatId: ChatId;
  /** Where the page lies: `before` and `after` leave out the named seq, which need not exist (0, or past the end); `around` is in
   *  the middle, itself included, and near an edge the page slides so that it is full. */
  readonly anchor: { readonly at: 'newest' } | { readonly at: 'before' | 'after' | 'around'; readonly seq: Seq };
  /** 1 to 100. */
  readonly limit: number;
};

export type MessagePage = {
  /** Newest first, seq without gaps. */
  readonly items: readonly MessagePosted[];
  /** Relative to the page, or to the anchor when the page is empty. */
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  /** The chat's own range; 0 and 0 when nothing is posted. */
  readonly firstSeq: number;
  readonly lastSeq: number;
};

/** Chats as anybody reads them. Reads see everything whose event or answer has gone out. They reject with a transient error
 *  while the store cannot be reached; they never answer with less than there is. */
export type ChatReader = {
  chat(chatId: ChatId): Promise<ChatView | undefined>;
  standing(chatId: ChatId, userId: UserId): Promise<Standing | undefined>;
  /** Undefined when there is no such chat. */
  page(request: PageRequest): Promise<MessagePage | undefined>;
  /** The shard a chat belongs to for ever, or undefined while nobody has claimed it. Absence MUST NOT be cached. */
  home(chatId: ChatId): Promise<ShardNumber | undefined>;
  /** Resolves when the store answers; rejects with what is wrong. */
  ping(): Promise<void>;
};
