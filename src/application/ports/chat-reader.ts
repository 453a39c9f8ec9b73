import type { ChatKind, ChatSettings } from '../../domain/chat/chat-state.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import type { MessageState } from '../../domain/chat/message-state.ts';
import type { Member } from '../../domain/chat/roster.ts';
import type { ChatId, ClientMessageId, Micros, Rev, Seq, ShardNumber, UserId } from '../../domain/ids.ts';
import type { OpenBucket } from './chat-store.ts';

export type ChatView = {
  readonly id: ChatId;
  readonly kind: ChatKind;
  readonly settings: ChatSettings;
  /** The creator first, then in the order of their ids. */
  readonly members: readonly (Member & { readonly userId: UserId })[];
  /** 0 while nothing is posted. */
  readonly lastSeq: number;
  readonly rev: Rev;
  /** What came before is not kept any more. */
  readonly firstSeq: Seq;
  readonly firstRev: Rev;
};

/** One user's standing in one chat, without reading its roster. */
export type Standing = {
  readonly kind: ChatKind;
  readonly settings: ChatSettings;
  readonly firstSeq: Seq;
  readonly firstRev: Rev;
  readonly member: Member | undefined;
  readonly extent?: LogExtent;
};

/** From where to where a chat's log went when a standing was read: it spares a page some of its reads, or all of them. */
export type LogExtent = {
  readonly firstBucket: number;
  readonly openBucket: number;
  /** Known when the store has kept a newest page of this chat. */
  readonly nextRev: Rev | undefined;
};

/** A message as it is now, and where it stands. */
export type MessageView = MessageState & {
  readonly chatId: ChatId;
  readonly recipients: readonly UserId[] | null;
};

export type PageRequest = {
  readonly chatId: ChatId;
  /** Where the page lies: `before` and `after` leave out the named seq, which need not exist (0, or past the end); `around` is in
   *  the middle, itself included, and near an edge the page slides so that it is full; `time` is `around` the first message
   *  that was posted then or later. */
  readonly anchor:
    | { readonly at: 'newest' }
    | { readonly at: 'before' | 'after' | 'around'; readonly seq: Seq }
    | { readonly at: 'time'; readonly time: Micros };
  /** 1 to 100. */
  readonly limit: number;
  /** Nothing below is shown: where the reader's membership begins. 1 for everything. */
  readonly fromSeq: Seq;
  /** Of a standing that was read just now, together with a `fromSeq` that is kept. */
  readonly extent?: LogExtent | undefined;
};

export type MessagePage = {
  /** Newest first, seq without gaps. */
  readonly items: readonly MessageView[];
  /** Relative to the page, or to the anchor when the page is empty. */
  readonly hasOlder: boolean;
  readonly hasNewer: boolean;
  /** The range that this reader may see of what is kept; 0 and 0 when nothing is posted in it. */
  readonly firstSeq: number;
  readonly lastSeq: number;
};

/** How far somebody has come in a chat's log: everything up to and including `rev`, of which `seq` is the last post. */
export type LogPosition = { readonly rev: Rev; readonly seq: Seq };

export type ChangePage = {
  /** In order of rev, without gaps, from `since.rev + 1` on. */
  readonly entries: readonly Entry[];
  readonly next: LogPosition;
  readonly hasMore: boolean;
};

export type MessageVersion = {
  readonly version: number;
  readonly body: string;
  readonly at: Micros;
  readonly by: UserId;
};

/** One line of a user's list of chats. */
export type ChatSummary = {
  readonly id: ChatId;
  readonly kind: ChatKind;
  readonly settings: ChatSettings;
  /** The user's own membership. */
  readonly member: Member;
  readonly lastMessage: MessageView | null;
  readonly lastSeq: number;
  readonly rev: Rev;
  /** When the last message was posted, or the chat was joined. */
  readonly activeAt: Micros;
  readonly readSeq: number;
  /** last_seq − read_seq − what was deleted in between; from the explicit mark on when there is one. */
  readonly unread: number;
};

export type ChatListRequest = {
  readonly userId: UserId;
  readonly limit: number;
  /** After this one, in the list's order. */
  readonly after: { readonly activeAt: Micros; readonly chatId: ChatId } | undefined;
};

/** `unreadFrom`: the user has marked everything from there on as unread, whatever was read. */
export type ReadMarker = { readonly readSeq: number; readonly unreadFrom: Seq | null };

export type BucketIntegrity = {
  readonly bucket: number;
  readonly firstSeq: number;
  readonly firstRev: number;
  readonly messages: number;
  readonly changes: number;
  /** Missing seqs and revs, the first few. */
  readonly missingSeqs: readonly number[];
  readonly missingRevs: readonly number[];
};

/** Chats as anybody reads them. Reads see everything whose event or answer has gone out. They reject with a transient error
 *  while the store cannot be reached; they never answer with less than there is. */
export type ChatReader = {
  chat(chatId: ChatId): Promise<ChatView | undefined>;
  /** `withNewest`: the newest page is going to be read. A store that finds its pages without says nothing of the extent. */
  standing(chatId: ChatId, userId: UserId, withNewest?: boolean): Promise<Standing | undefined>;
  /** Of the newest entry, without the roster; undefined when there is no such chat. */
  head(chatId: ChatId): Promise<LogPosition | undefined>;
  /** Undefined when there is no such chat. */
  page(request: PageRequest): Promise<MessagePage | undefined>;
  message(chatId: ChatId, at: Seq): Promise<MessageView | undefined>;
  /** All texts of one message, the post first. Empty texts once it is erased. */
  versions(chatId: ChatId, at: Seq): Promise<readonly MessageVersion[]>;
  /** Who reacted how to one message, in the order of their ids. */
  reactions(
    chatId: ChatId,
    at: Seq,
  ): Promise<readonly { readonly userId: UserId; readonly emoji: readonly string[] }[]>;
  /** Seqs between low and high, both included, that this user has deleted for themself. */
  hidden(chatId: ChatId, userId: UserId, low: Seq, high: Seq): Promise<ReadonlySet<Seq>>;
  /** `gone` when entries after `since` are not kept any more; undefined when there is no such chat. */
  changes(chatId: ChatId, since: LogPosition, limit: number): Promise<ChangePage | 'gone' | undefined>;
  /** A user's chats, the most recently active first. The order is exact to ten minutes, an hour in chats of more than ten. */
  chatsOf(request: ChatListRequest): Promise<readonly ChatSummary[]>;
  readMarker(chatId: ChatId, userId: UserId): Promise<ReadMarker>;
  /** The entry that answered this command, if there is one and it is still remembered. */
  entryOf(chatId: ChatId, senderId: UserId, clientMessageId: ClientMessageId): Promise<Entry | undefined>;
  /** The first buckets that are kept, oldest first, `limit` at most. None when there is no such chat. */
  oldestBuckets(chatId: ChatId, limit: number): Promise<readonly OpenBucket[]>;
  integrity(chatId: ChatId): Promise<readonly BucketIntegrity[]>;
  /** The shard a chat belongs to for ever, or undefined while nobody has claimed it. Absence MUST NOT be cached. */
  home(chatId: ChatId): Promise<ShardNumber | undefined>;
  /** Resolves when the store answers; rejects with what is wrong. */
  ping(): Promise<void>;
};
