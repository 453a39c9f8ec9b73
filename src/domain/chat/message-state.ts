import type { Micros, Rev, Seq, UserId } from '../ids.ts';
import type { Entry, MessagePosted, PostedFields } from './entry.ts';

/** A message as it is now. */
export type MessageState = {
  readonly seq: Seq;
  readonly rev: Rev;
  readonly post: PostedFields;
  /** The latest text; empty once it is erased. */
  readonly body: string;
  readonly version: number;
  readonly editedAt: Micros | null;
  /** Gone for everyone. What was erased is erased, deleted or not. */
  readonly removed: 'deleted' | 'erased' | null;
  readonly reactions: Readonly<Record<string, number>>;
  /** rev of the last entry about it. */
  readonly changedRev: Rev;
};

/** What a decision about a message is made from. */
export type Target = {
  readonly message: MessageState;
  /** The sender's own reactions to it. */
  readonly own: readonly string[];
  /** Number of the bucket that it lies in. */
  readonly bucket: number;
};

export const posted = (entry: MessagePosted): MessageState => ({
  seq: entry.seq,
  rev: entry.rev,
  post: postedFields(entry),
  body: entry.body,
  version: 1,
  editedAt: null,
  removed: null,
  reactions: {},
  changedRev: entry.rev,
});

export const postedFields = ({
  senderId,
  clientMessageId,
  sentAt,
  at,
  recipientId,
  extras,
}: PostedFields): PostedFields => ({
  senderId,
  clientMessageId,
  sentAt,
  at,
  recipientId,
  extras,
});

/** The message after an entry that may or may not be about it. An entry it knows already changes nothing. */
export const evolveMessage = (message: MessageState, entry: Entry): MessageState => {
  if (entry.rev <= message.changedRev) return message;
  const changed = { ...message, changedRev: entry.rev };
  switch (entry.type) {
    case 'message.edited':
      return entry.seq === message.seq
        ? { ...changed, body: entry.body, version: entry.version, editedAt: entry.at }
        : message;
    case 'message.deleted':
      return entry.seq === message.seq && entry.scope === 'everyone'
        ? { ...changed, removed: message.removed ?? 'deleted' }
        : message;
    case 'message.erased':
      return entry.seqs.includes(message.seq)
        ? { ...changed, body: '', post: { ...message.post, extras: null }, removed: 'erased' }
        : message;
    case 'reaction.added':
    case 'reaction.removed':
      return entry.seq === message.seq ? { ...changed, reactions: entry.counts } : message;
    default:
      return message;
  }
};

/** The same for what one sender's decision is made from. `entry` comes after what `own` was read with, or was read with it: an entry says
 *  all of their reactions, so taking it twice changes nothing. The message does not tell which it was, since the two are read apart. */
export const evolveTarget = ({ message, own, bucket }: Target, entry: Entry, sender: UserId): Target => {
  const isOwn = (entry.type === 'reaction.added' || entry.type === 'reaction.removed') && entry.senderId === sender;
  return {
    own: isOwn && entry.seq === message.seq ? entry.own : own,
    message: evolveMessage(message, entry),
    bucket,
  };
};
