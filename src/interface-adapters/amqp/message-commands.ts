import { z } from 'zod';
import {
  type DeleteMessage,
  type EditMessage,
  type EraseMessages,
  maxBodyBytes,
  maxErasedAtOnce,
  type PostMessage,
  type React,
} from '../../domain/chat/command.ts';
import type { Attachment, Extras } from '../../domain/chat/entry.ts';
import { systemSender } from '../../domain/chat/system-sender.ts';
import type { ChatId, ClientMessageId, Seq, UserId } from '../../domain/ids.ts';
import { commandForm, fingerprintOfAsked, type Identity, made } from './command-form.ts';
import { attachmentsSchema, emojiSchema, mentionsSchema, seqSchema, textSchema } from './fields.schema.ts';
import { userIdSchema, wireUserId } from './user-id.ts';

export type ExtrasJson = {
  readonly reply_to?: Seq | null | undefined;
  readonly mentions?: 'all' | readonly UserId[] | null | undefined;
  readonly attachments?: readonly Attachment[] | null | undefined;
};

/** Null for a message that is nothing but text. */
export const extrasOf = ({ reply_to, mentions, attachments }: ExtrasJson): Extras | null => {
  const replyTo = reply_to ?? null;
  const mentionsAll = mentions === 'all';
  const ids = mentionsAll ? [] : [...new Set(mentions)];
  if (replyTo === null && !mentionsAll && ids.length === 0 && !attachments?.length) return null;
  return { replyTo, mentions: ids, mentionsAll, attachments: attachments ?? [] };
};

/** How extras look on the wire, in commands and events. */
export const attachmentJson = ({ url, name, mediaType, size }: Attachment) => ({
  url,
  name,
  media_type: mediaType,
  size,
});

export const postMessageCommand = (
  identity: Identity,
  content: {
    readonly body: string;
    readonly extras?: Extras | null;
    readonly recipientId?: UserId | undefined;
    readonly seedForm?: boolean;
  },
): PostMessage => {
  const { body, extras = null, recipientId, seedForm = false } = content;
  const asked = extras === null ? [body, recipientId] : [body, recipientId, Object.values(extras)];
  const { chatId, senderId, clientMessageId, sentAt, actedBy } = identity;
  // What `made` makes, in one piece: an object that is put together from others has its fields in two, and most commands are posts.
  const command: PostMessage = {
    type: 'message.post',
    chatId,
    senderId,
    clientMessageId,
    sentAt,
    fingerprint: fingerprintOfAsked('message.post', asked, actedBy),
    body,
    extras,
    recipientId,
    seedForm,
  };
  return actedBy === undefined ? command : { ...command, actedBy };
};

export const editMessageCommand = (
  identity: Identity,
  { seq, body, ifVersion }: { readonly seq: Seq; readonly body: string; readonly ifVersion?: number | undefined },
): EditMessage => made<EditMessage>('message.edit', identity, { seq, body, ifVersion });

export const deleteMessageCommand = (
  identity: Identity,
  { seq, scope = 'everyone' }: { readonly seq: Seq; readonly scope?: DeleteMessage['scope'] | undefined },
): DeleteMessage => made<DeleteMessage>('message.delete', identity, { seq, scope });

export const eraseMessagesCommand = (
  identity: Identity,
  { userId, seqs }: { readonly userId: UserId; readonly seqs: readonly Seq[] },
): EraseMessages => made<EraseMessages>('message.erase', identity, { userId, seqs: [...new Set(seqs)] });

/** The same, by the service itself. */
export const eraseUserMessages = (
  chatId: ChatId,
  clientMessageId: ClientMessageId,
  content: { readonly userId: UserId; readonly seqs: readonly Seq[] },
): EraseMessages => eraseMessagesCommand({ chatId, senderId: systemSender, clientMessageId }, content);

export const reactCommand = (
  identity: Identity,
  { type, seq, emoji }: { readonly type: React['type']; readonly seq: Seq; readonly emoji: string },
): React => made<React>(type, identity, { seq, emoji });

const bodySchema = textSchema.describe(`The text: at most ${maxBodyBytes} bytes of UTF-8.`);
const recipient = { recipient_id: userIdSchema.nullish().describe('When given, the chat must be that of these two.') };

/** What people write: HTTP has the same fields. */
export const postFields = {
  body: bodySchema,
  reply_to: seqSchema.nullish().describe('seq of the message that this one answers.'),
  mentions: mentionsSchema.nullish(),
  attachments: attachmentsSchema.nullish(),
};
export const editFields = {
  body: bodySchema.refine((text) => text !== '', 'a message has a text').meta({ minLength: 1 }),
  if_version: z.int().min(1).nullish().describe('Refused when the message has another version by now.'),
};
export const deleteFields = {
  for: z
    .enum(['everyone', 'me'])
    .optional()
    .describe('`me`: only the sender no longer sees it. `everyone` by default.'),
};

export const hasContent = ({
  body,
  attachments,
}: {
  body: string;
  attachments?: readonly unknown[] | null | undefined;
}) => body !== '' || (attachments?.length ?? 0) > 0;
export const needsContent = 'body: a message has a text or an attachment';

const post = commandForm(
  'message.post',
  { ...postFields, ...recipient },
  (identity, json) =>
    postMessageCommand(identity, {
      body: json.body,
      extras: extrasOf(json),
      recipientId: json.recipient_id ?? undefined,
    }),
  ({ body, extras, recipientId }) => ({
    recipient_id: recipientId && wireUserId(recipientId),
    body,
    ...(extras !== null && {
      reply_to: extras.replyTo,
      mentions: extras.mentionsAll ? 'all' : extras.mentions.map(wireUserId),
      attachments: extras.attachments.map(attachmentJson),
    }),
  }),
);

/** A message as the seed's senders write it: without a `type`, nothing but text, which may be empty. */
export const seedPostForm = commandForm(
  undefined,
  { ...recipient, body: bodySchema },
  (identity, { body, recipient_id }) =>
    postMessageCommand(identity, { body, recipientId: recipient_id ?? undefined, seedForm: true }),
  ({ body, recipientId }) => ({ recipient_id: recipientId && wireUserId(recipientId), body }),
);

const reactionForm = (type: React['type']) =>
  commandForm(
    type,
    { seq: seqSchema, emoji: emojiSchema },
    (identity, { seq, emoji }) => reactCommand(identity, { type, seq, emoji }),
    ({ seq, emoji }) => ({ seq, emoji }),
  );

export const messageForms = {
  'message.post': { ...post, schema: post.schema.refine(hasContent, needsContent) },
  'message.edit': commandForm(
    'message.edit',
    { seq: seqSchema, ...editFields },
    (identity, { seq, body, if_version }) =>
      editMessageCommand(identity, { seq, body, ifVersion: if_version ?? undefined }),
    ({ seq, body, ifVersion }) => ({ seq, body, if_version: ifVersion }),
  ),
  'message.delete': commandForm(
    'message.delete',
    { seq: seqSchema, ...deleteFields },
    (identity, json) => deleteMessageCommand(identity, { seq: json.seq, scope: json.for }),
    ({ seq, scope }) => ({ seq, for: scope }),
  ),
  'message.erase': commandForm(
    'message.erase',
    { user_id: userIdSchema, seqs: z.array(seqSchema).min(1).max(maxErasedAtOnce) },
    (identity, { user_id, seqs }) => eraseMessagesCommand(identity, { userId: user_id, seqs }),
    ({ userId, seqs }) => ({ user_id: wireUserId(userId), seqs }),
  ),
  'reaction.add': reactionForm('reaction.add'),
  'reaction.remove': reactionForm('reaction.remove'),
};
