import type { TargetPlace } from '../../application/decision.ts';
import type {
  Change,
  MessageDeleted,
  MessageEdited,
  MessagesErased,
  ReactionChanged,
} from '../../domain/chat/entry.ts';
import { isSystem } from '../../domain/chat/system-sender.ts';
import type { Rev, Seq } from '../../domain/ids.ts';
import { type Draft, partitions } from './projection-queries.ts';

/** What an entry about messages changes in their rows and in what hangs on them. */
export const projectOntoMessages = (entry: Change, draft: Draft): void => {
  switch (entry.type) {
    case 'message.edited':
      projectEdit(entry, placeOf(entry.seq, draft), draft);
      break;
    case 'message.deleted':
      if (entry.scope === 'me') hide(entry, draft);
      else projectRemoval(entry, placeOf(entry.seq, draft), draft);
      break;
    case 'message.erased':
      for (const seq of entry.seqs) projectErasure(entry, placeOf(seq, draft), draft);
      break;
    case 'reaction.added':
    case 'reaction.removed':
      projectReaction(entry, placeOf(entry.seq, draft), draft);
      break;
  }
};

const placeOf = (seq: Seq, { placement }: Draft): TargetPlace => {
  const place = placement.targets?.find((target) => target.seq === seq);
  if (place === undefined) throw new Error(`a decision about message ${seq} does not say where it lies`);
  return place;
};

const projectEdit = (entry: MessageEdited, { seq, bucket }: TargetPlace, { time, content }: Draft): void => {
  const { chatId, version, body, at, senderId, rev } = entry;
  const edited = JSON.stringify({ version, at, rev });
  const partition = partitions.messages(bucket, chatId);
  content.push({ query: 'edited', params: [chatId, bucket, seq, edited, body, time], partition });
  const params = [chatId, bucket, seq, version, body, at, senderId, time];
  content.push({ query: 'version', params, partition: partitions.versions(bucket, chatId) });
};

const projectRemoval = ({ chatId, rev }: MessageDeleted, { seq, bucket }: TargetPlace, draft: Draft): void => {
  const removed = JSON.stringify({ kind: 'deleted', rev });
  const partition = partitions.messages(bucket, chatId);
  draft.content.push({ query: 'removed', params: [chatId, bucket, seq, removed, draft.time], partition });
  projectDeletion({ chatId, rev }, seq, bucket, draft);
};

const hide = ({ chatId, seq, rev, senderId }: MessageDeleted, { time, content }: Draft): void => {
  const partition = partitions.hidden(senderId, chatId);
  content.push({ query: 'hidden', params: [chatId, senderId, seq, rev, time], partition });
  // The service itself is no member: a row in the roster would make it one.
  if (isSystem(senderId)) return;
  content.push({ query: 'hides', params: [chatId, senderId, true, time], partition: partitions.roster(chatId) });
};

/** `version` of the place is the latest one: the texts from the second on have rows of their own. */
const projectErasure = (entry: MessagesErased, { seq, bucket, version }: TargetPlace, draft: Draft): void => {
  const { chatId, rev } = entry;
  const { time, content } = draft;
  const partition = partitions.messages(bucket, chatId);
  const removed = JSON.stringify({ kind: 'erased', rev });
  content.push({ query: 'erased', params: [chatId, bucket, seq, '', '', removed, time], partition });
  if (version > 1) content.push({ query: 'erasedEdit', params: [chatId, bucket, seq, '', time], partition });
  for (let edit = 2; edit <= version; edit++) {
    const params = [chatId, bucket, seq, edit, '', time];
    content.push({ query: 'erasedVersion', params, partition: partitions.versions(bucket, chatId) });
  }
  projectDeletion(entry, seq, bucket, draft);
};

const projectDeletion = (
  { chatId, rev }: { readonly chatId: string; readonly rev: Rev },
  seq: Seq,
  bucket: number,
  { time, content }: Draft,
): void => {
  const partition = partitions.deletions(bucket, chatId);
  content.push({ query: 'deletion', params: [chatId, bucket, seq, rev, time], partition });
};

const projectReaction = (entry: ReactionChanged, { seq, bucket }: TargetPlace, { time, content }: Draft): void => {
  const { chatId, senderId, counts, own, rev } = entry;
  const reactions = JSON.stringify({ counts, rev });
  const partition = partitions.messages(bucket, chatId);
  content.push({ query: 'reacted', params: [chatId, bucket, seq, reactions, time], partition });
  const params = [chatId, bucket, seq, senderId, JSON.stringify(own), time];
  content.push({ query: 'reactions', params, partition: partitions.reactions(bucket, chatId) });
};
