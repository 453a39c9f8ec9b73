import { z } from 'zod';
import type { Command, CreateChat, PostMessage } from '../../domain/chat/command.ts';
import { type ChatId, type ClientMessageId, parseChatId, parseClientMessageId, type UserId } from '../../domain/ids.ts';
import { fingerprintOf } from './command-identity.ts';
import { userIdSchema, wireUserId } from './user-id.ts';

/** Bytes of a whole command on the wire. */
export const maxCommandBytes = 64 * 1024;

const parsed = <T>(parse: (text: string) => T | undefined, message: string) =>
  z.string().transform((text, context): T => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  });

export const chatIdSchema = parsed(parseChatId, 'a chat id is 1 to 64 characters of A-Z a-z 0-9 _ -');
export const clientMessageIdSchema = parsed(
  parseClientMessageId,
  'a client_message_id is 1 to 128 printable ASCII characters',
);
/** Text that can be stored and given back unchanged: no lone surrogates. */
export const textSchema = z.string().refine((text) => text.isWellFormed(), 'the text is not well-formed Unicode');

const base = {
  chat_id: chatIdSchema,
  sender_id: userIdSchema,
  client_message_id: clientMessageIdSchema,
  sent_at: z.string().max(40).nullish(),
};
const createChat = z.object({
  ...base,
  type: z.literal('chat.create'),
  kind: z.enum(['direct', 'group']),
  title: textSchema.nullish(),
  member_ids: z.array(userIdSchema),
});
const postMessage = z.object({
  ...base,
  type: z.literal('message.post').optional(),
  recipient_id: userIdSchema.nullish(),
  body: textSchema,
});

type Identity = {
  readonly chatId: ChatId;
  readonly senderId: UserId;
  readonly clientMessageId: ClientMessageId;
  readonly sentAt?: string | undefined;
};

/** The one place that makes a command, whichever way it came: the same request always has the same fingerprint. */
export const createChatCommand = (
  identity: Identity,
  content: { kind: CreateChat['kind']; title?: string | undefined; memberIds: readonly UserId[] },
): CreateChat => {
  const memberIds = [...new Set(content.memberIds)];
  return {
    type: 'chat.create',
    ...identity,
    sentAt: identity.sentAt,
    fingerprint: fingerprintOf(['chat.create', content.kind, content.title ?? null, [...memberIds].sort()]),
    kind: content.kind,
    title: content.title,
    memberIds,
  };
};

export const postMessageCommand = (
  identity: Identity,
  content: { body: string; recipientId?: UserId | undefined; seedForm?: boolean },
): PostMessage => ({
  type: 'message.post',
  ...identity,
  sentAt: identity.sentAt,
  fingerprint: fingerprintOf(['message.post', content.body, content.recipientId ?? null]),
  body: content.body,
  recipientId: content.recipientId,
  seedForm: content.seedForm ?? false,
});

export type Decoded =
  | { readonly ok: true; readonly command: Command }
  /** Why it cannot be a command, in a sentence for people. */
  | { readonly ok: false; readonly reason: string };

const unreadable = (reason: string): Decoded => ({ ok: false, reason });

/** Reads a command as it lies on the wire. Without a `type` it is a `message.post` (the seed's form). Never throws. */
export const decodeCommand = (body: Uint8Array): Decoded => {
  if (body.byteLength > maxCommandBytes) {
    return unreadable(`the body has ${body.byteLength} bytes, ${maxCommandBytes} are allowed`);
  }
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (error) {
    return unreadable(`the body is not JSON in UTF-8${placeOf(error as Error)}`);
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    return unreadable('the body is not a JSON object');
  const type = (json as { type?: unknown }).type;
  switch (type) {
    case 'chat.create':
      return decodeCreateChat(json);
    case 'message.post':
    case undefined:
      return decodePostMessage(json);
    default:
      return unreadable(`unknown command type ${JSON.stringify(type)?.slice(0, 60)}`);
  }
};

/** Only the place: the rest of V8's message quotes the body, and a reason is logged. */
const placeOf = ({ message }: Error): string => {
  const place = / at position \d+/.exec(message)?.[0];
  return place === undefined ? '' : `, broken${place}`;
};

const invalid = (error: z.ZodError): Decoded =>
  unreadable(error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; '));

const identityOf = (json: z.output<typeof createChat> | z.output<typeof postMessage>): Identity => ({
  chatId: json.chat_id,
  senderId: json.sender_id,
  clientMessageId: json.client_message_id,
  sentAt: json.sent_at ?? undefined,
});

const decodeCreateChat = (json: unknown): Decoded => {
  const result = createChat.safeParse(json);
  if (!result.success) return invalid(result.error);
  const { kind, title, member_ids } = result.data;
  return {
    ok: true,
    command: createChatCommand(identityOf(result.data), { kind, title: title ?? undefined, memberIds: member_ids }),
  };
};

const decodePostMessage = (json: unknown): Decoded => {
  const result = postMessage.safeParse(json);
  if (!result.success) return invalid(result.error);
  const { body, recipient_id, type } = result.data;
  return {
    ok: true,
    command: postMessageCommand(identityOf(result.data), {
      body,
      recipientId: recipient_id ?? undefined,
      seedForm: type === undefined,
    }),
  };
};

/** A command's own form on the wire. */
export const encodeCommand = (command: Command): Buffer => {
  const base = {
    chat_id: command.chatId,
    sender_id: wireUserId(command.senderId),
    client_message_id: command.clientMessageId,
    sent_at: command.sentAt,
  };
  switch (command.type) {
    case 'chat.create':
      return Buffer.from(
        JSON.stringify({
          type: command.type,
          ...base,
          kind: command.kind,
          title: command.title,
          member_ids: command.memberIds.map(wireUserId),
        }),
      );
    case 'message.post':
      return Buffer.from(
        JSON.stringify({
          type: command.seedForm ? undefined : command.type,
          ...base,
          recipient_id: command.recipientId === undefined ? undefined : wireUserId(command.recipientId),
          body: command.body,
        }),
      );
  }
};
