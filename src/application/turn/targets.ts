import { type Command, targetsOf } from '../../domain/chat/command.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import { evolveTarget, posted, type Target } from '../../domain/chat/message-state.ts';
import type { Seq, UserId } from '../../domain/ids.ts';
import type { TargetPlace } from '../decision.ts';
import type { ChatStore } from '../ports/chat-store.ts';
import { bucketOfRecent, type ResidentChat } from './resident-chat.ts';

export type Targets = ReadonlyMap<Seq, Target>;

export const noTargets: Targets = new Map();

/** The messages that a command is about, as the chat's one writer knows them: what is readable, and on top of it the entries that are
 *  still on their way. `onTheirWay` MUST be taken before the call: an entry may become readable while the store is being asked. */
export const loadTargets = (
  chat: ResidentChat,
  command: Command,
  onTheirWay: readonly Entry[],
  store: Pick<ChatStore, 'target'>,
): Promise<Targets> => loadMessages(chat, targetsOf(command), command.senderId, onTheirWay, store);

/** The same for entries that are decided already. */
export const loadTargetsOf = (
  chat: ResidentChat,
  entry: Entry,
  onTheirWay: readonly Entry[],
  store: Pick<ChatStore, 'target'>,
): Promise<Targets> => loadMessages(chat, messagesOf(entry), entry.senderId, onTheirWay, store);

const loadMessages = async (
  chat: ResidentChat,
  seqs: readonly Seq[],
  sender: UserId,
  onTheirWay: readonly Entry[],
  store: Pick<ChatStore, 'target'>,
): Promise<Targets> => {
  if (seqs.length === 0) return noTargets;
  const targets = new Map<Seq, Target>();
  await Promise.all(
    seqs.map(async (seq) => {
      const target = await loadTarget(chat, seq, sender, onTheirWay, store);
      if (target !== undefined) targets.set(seq, target);
    }),
  );
  return targets;
};

const loadTarget = async (
  chat: ResidentChat,
  seq: Seq,
  sender: UserId,
  onTheirWay: readonly Entry[],
  store: Pick<ChatStore, 'target'>,
): Promise<Target | undefined> => {
  const post = onTheirWay.find((entry) => entry.type === 'message.posted' && entry.seq === seq);
  const stored = post === undefined ? await store.target(chat.id, seq, sender) : undefined;
  const target =
    post?.type === 'message.posted' ? { message: posted(post), own: [], bucket: bucketOfRecent(chat, seq) } : stored;
  return target && withEntries(target, onTheirWay, sender);
};

/** `entries` in order of rev. */
export const withEntries = (target: Target, entries: readonly Entry[], sender: UserId): Target =>
  entries.reduce((state, entry) => evolveTarget(state, entry, sender), target);

/** For the placement of what was decided about these messages; null when the entries are about none. */
export const placesOf = (entries: readonly Entry[], targets: Targets): readonly TargetPlace[] | null => {
  const seqs = entries.flatMap(messagesOf);
  return seqs.length === 0
    ? null
    : seqs.map((seq) => {
        const { bucket, message } = targets.get(seq)!;
        return { seq, bucket, version: message.version };
      });
};

const messagesOf = (entry: Entry): readonly Seq[] => {
  switch (entry.type) {
    case 'message.edited':
    case 'message.deleted':
    case 'reaction.added':
    case 'reaction.removed':
      return [entry.seq];
    case 'message.erased':
      return entry.seqs;
    default:
      return [];
  }
};
