import type { TargetPlace } from '../../application/decision.ts';
import { defaultSettings } from '../../domain/chat/chat-state.ts';
import type { Change, ChatCreated, Extras, MessagePosted, PostedFields } from '../../domain/chat/entry.ts';
import { type ChatId, clientMessageId, micros, rev, seq, type UserId, userId } from '../../domain/ids.ts';
import { receiptField, receiptText } from '../store-kit/receipt-text.ts';
import type { Row } from './client.ts';
import { numberOf } from './data-access.ts';

/** The cells `details` of both tables: what of an entry has no cell of its own. An entry comes back exactly as it was decided. */

type PostDetails = { readonly receipt: MessagePosted['receipt']; readonly text: string };

/** By recipients, then by recipient: a chat's posts share their list and mostly their receipt, so the text is made once, not per message. */
const postDetails = new WeakMap<readonly UserId[], Map<UserId | null, PostDetails>>();

export const detailsOfPost = ({ recipients, recipientId, receipt }: MessagePosted): string => {
  const make = () => JSON.stringify({ v: 1, recipients, recipientId, receipt: receiptText(receipt) });
  if (recipients === null) return make();
  let known = postDetails.get(recipients);
  if (known === undefined) {
    known = new Map();
    postDetails.set(recipients, known);
  }
  const last = known.get(recipientId);
  if (last !== undefined && last.receipt === receipt) return last.text;
  const text = make();
  known.set(recipientId, { receipt, text });
  return text;
};

/** Everything of an entry but the cells it has, under the entry's own names. Texts, and what hung on the message, are not repeated here:
 *  they lie with the message, so that erasing it or dropping its bucket blanks the entries about it too. */
export const detailsOfChange = (entry: Change, targets: readonly TargetPlace[]): string => {
  const { chatId, rev, senderId, clientMessageId, fingerprint, sentAt, at, type, ...own } = entry;
  switch (entry.type) {
    case 'chat.created': {
      const members = entry.members.map(({ userId: id, role }) => [id, role]);
      return JSON.stringify({ v: 1, ...own, members });
    }
    case 'message.edited':
    case 'message.deleted': {
      const { extras, ...post } = entry.post;
      const bucket = targets.find((target) => target.seq === entry.seq)!.bucket;
      const text = { bucket, hasExtras: extras !== null };
      return JSON.stringify({ v: 1, ...own, body: undefined, post, text });
    }
    default:
      return JSON.stringify({ v: 1, ...own });
  }
};

type StoredPostDetails = Pick<MessagePosted, 'recipients' | 'recipientId'> & { readonly receipt?: string | null };

let lastDetails: { readonly text: string; readonly parsed: StoredPostDetails } | undefined;

/** The other way. Rows of a page mostly have the same text: it is parsed once, and their recipients are one list, as when they were posted. */
export const postDetailsOf = (text: string): StoredPostDetails => {
  if (lastDetails?.text !== text) lastDetails = { text, parsed: JSON.parse(text) };
  return lastDetails.parsed;
};

export const messageColumns = 'seq, rev, sender_id, client_message_id, fingerprint, body, at, sent_at, details, extras';

/** A row of `messages` may lack its post: a change of it has come first, or its partition has no rows but statics. */
export const isPost = (row: Row): boolean => row.rev !== null;

export const postOfRow = (chatId: ChatId, row: Row): MessagePosted => {
  const { recipients, recipientId, receipt } = postDetailsOf(row.details);
  return {
    type: 'message.posted',
    ...sharedFields(chatId, row),
    seq: seq(numberOf(row.seq)),
    recipients,
    body: row.body,
    recipientId,
    extras: extrasOf(row),
    ...receiptField(receipt),
  };
};

/** Blank once they are erased. */
export const extrasOf = (row: Row): Extras | null => (row.extras ? JSON.parse(row.extras) : null);

export const changeColumns = 'rev, type, sender_id, client_message_id, fingerprint, at, sent_at, details';

/** An entry as its row has it, and where the rest of it lies. */
export type StoredChange = {
  readonly entry: Change;
  readonly text: { readonly bucket: number; readonly hasExtras: boolean } | undefined;
};

export const changeOfRow = (chatId: ChatId, row: Row): StoredChange => {
  const { v, text, ...own } = JSON.parse(row.details);
  const shared = { type: row.type, ...sharedFields(chatId, row) };
  switch (row.type as Change['type']) {
    case 'chat.created': {
      // The first chats had a title and no other settings.
      const { members, title, settings = { ...defaultSettings, title }, ...others } = own;
      const pairs = members as [UserId, ChatCreated['members'][number]['role']][];
      const entry = { ...shared, ...others, settings, members: pairs.map(([id, role]) => ({ userId: id, role })) };
      return { entry, text: undefined };
    }
    case 'message.edited':
      return { entry: { ...shared, ...own, body: '', post: withoutExtras(own.post) }, text };
    case 'message.deleted':
      return { entry: { ...shared, ...own, post: withoutExtras(own.post) }, text: text.hasExtras ? text : undefined };
    case 'chat.updated':
    case 'chat.trimmed':
    case 'member.added':
    case 'member.removed':
    case 'member.role_set':
    case 'member.muted':
    case 'message.erased':
    case 'reaction.added':
    case 'reaction.removed':
      return { entry: { ...shared, ...own }, text: undefined };
  }
  throw new Error(`an entry of a type that this version does not know: ${row.type}`);
};

const withoutExtras = (post: Omit<PostedFields, 'extras'>): PostedFields => ({ ...post, extras: null });

const sharedFields = (chatId: ChatId, row: Row) => ({
  chatId,
  rev: rev(numberOf(row.rev)),
  senderId: userId(row.sender_id),
  clientMessageId: clientMessageId(row.client_message_id),
  fingerprint: row.fingerprint as string,
  sentAt: row.sent_at as string,
  at: micros(numberOf(row.at)),
});
