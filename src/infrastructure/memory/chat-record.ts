import type { MessageVersion, MessageView } from '../../application/ports/chat-reader.ts';
import type { OpenBucket } from '../../application/ports/chat-store.ts';
import { keysPerBlock } from '../../application/turn/key-log.ts';
import type { ChatState } from '../../domain/chat/chat-state.ts';
import type { ChatCreated, ChatTrimmed, Entry, MessagePosted, MessagesErased } from '../../domain/chat/entry.ts';
import { evolve } from '../../domain/chat/evolve.ts';
import { evolveMessage, type MessageState, posted } from '../../domain/chat/message-state.ts';
import { inRosterOrder, type Roster } from '../../domain/chat/roster.ts';
import type { ChatId, Micros, Rev, Seq, UserId } from '../../domain/ids.ts';
import { erasedEntry } from '../store-kit/erased-entry.ts';

/** One message as it is now, and what hangs on it. */
export type MessageRecord = {
  state: MessageState;
  /** Of its post. */
  readonly recipients: MessageView['recipients'];
  versions: MessageVersion[];
  readonly reactions: Map<UserId, readonly string[]>;
  /** Who has deleted it for themself. */
  readonly hiddenFrom: Set<UserId>;
};

/** One chat's rows. */
export class ChatRecord {
  readonly id: ChatId;
  state: ChatState;
  /** What is kept of the log, oldest first: it begins at `state.firstRev`. */
  entries: Entry[] = [];
  readonly messages = new Map<Seq, MessageRecord>();
  readonly joinedAt = new Map<UserId, Micros>();
  lastAt: Micros | undefined;
  /** By number; the first ones go when the chat is trimmed. */
  readonly buckets = new Map<number, OpenBucket>();
  readonly keyBlocks = new Map<Rev, Uint8Array>();

  constructor(entry: ChatCreated) {
    this.id = entry.chatId;
    this.state = evolve(undefined, entry);
    this.entries.push(entry);
    for (const { userId } of entry.members) this.joinedAt.set(userId, entry.at);
  }

  get posts(): MessagePosted[] {
    return this.entries.filter((entry) => entry.type === 'message.posted');
  }

  get oldestBucket(): OpenBucket {
    return [...this.buckets.values()][0]!;
  }

  get newestBucket(): OpenBucket {
    return [...this.buckets.values()].at(-1)!;
  }

  /** The creator first, then in the order of their ids: as every store hands it out. */
  get roster(): Roster {
    const compare = inRosterOrder(this.state.creatorId);
    return new Map([...this.state.roster].sort(([a], [b]) => compare(a, b)));
  }

  entryAt(at: Rev): Entry | undefined {
    return this.entries[at - this.state.firstRev];
  }

  viewOf({ state, recipients }: MessageRecord): MessageView {
    return { ...state, chatId: this.id, recipients };
  }

  append(entry: Exclude<Entry, ChatCreated>): void {
    this.state = evolve(this.state, entry);
    this.entries.push(entry);
    switch (entry.type) {
      case 'message.posted':
        this.#post(entry);
        return;
      case 'message.edited': {
        const { version, body, at, senderId } = entry;
        this.#change(entry, entry.seq)?.versions.push({ version, body, at, by: senderId });
        return;
      }
      case 'message.deleted': {
        const message = this.#change(entry, entry.seq);
        if (entry.scope === 'me') message?.hiddenFrom.add(entry.senderId);
        return;
      }
      case 'reaction.added':
      case 'reaction.removed': {
        const reactions = this.#change(entry, entry.seq)?.reactions;
        if (entry.own.length > 0) reactions?.set(entry.senderId, entry.own);
        else reactions?.delete(entry.senderId);
        return;
      }
      case 'message.erased':
        this.#erase(entry);
        return;
      case 'chat.trimmed':
        this.#trim(entry);
        return;
      case 'member.added':
        this.joinedAt.set(entry.userId, entry.at);
        return;
      case 'chat.updated':
      case 'member.removed':
      case 'member.role_set':
      case 'member.muted':
        // Nothing but the state.
        return;
    }
  }

  #post(entry: MessagePosted): void {
    const { recipients, body, at, senderId } = entry;
    this.messages.set(entry.seq, {
      state: posted(entry),
      recipients,
      versions: [{ version: 1, body, at, by: senderId }],
      reactions: new Map(),
      hiddenFrom: new Set(),
    });
    this.lastAt = at;
  }

  #change(entry: Entry, at: Seq): MessageRecord | undefined {
    const message = this.messages.get(at);
    if (message !== undefined) message.state = evolveMessage(message.state, entry);
    return message;
  }

  #erase(entry: MessagesErased): void {
    for (const seq of entry.seqs) {
      const message = this.#change(entry, seq);
      if (message !== undefined) message.versions = message.versions.map((version) => ({ ...version, body: '' }));
    }
    const erased = new Set(entry.seqs);
    this.entries = this.entries.map((other) => ('seq' in other && erased.has(other.seq) ? erasedEntry(other) : other));
  }

  #trim({ bucket, firstSeq, firstRev }: ChatTrimmed): void {
    const kept = this.entries.filter(({ rev }) => rev >= firstRev);
    this.entries = kept.map((entry) => ('seq' in entry && entry.seq < firstSeq ? erasedEntry(entry) : entry));
    for (const seq of this.messages.keys()) if (seq < firstSeq) this.messages.delete(seq);
    for (const number of this.buckets.keys()) if (number < bucket) this.buckets.delete(number);
    for (const first of this.keyBlocks.keys()) if (first + keysPerBlock <= firstRev) this.keyBlocks.delete(first);
  }
}
