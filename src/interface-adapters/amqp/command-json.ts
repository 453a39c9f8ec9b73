import type { z } from 'zod';
import { type Command, maxBatchCommands } from '../../domain/chat/command.ts';
import { type ChatId, parseChatId } from '../../domain/ids.ts';
import { hostilityOf } from '../hostile-json.ts';
import { chatForms } from './chat-commands.ts';
import type { CommandForm, CommandOf, CommandType, Identity, IdentityJson } from './command-form.ts';
import { memberForms } from './member-commands.ts';
import { messageForms, seedPostForm } from './message-commands.ts';
import { plainPost } from './plain-post.ts';
import { wireUserId } from './user-id.ts';

export { createChatCommand, settingsOf, trimChatCommand, updateChatCommand } from './chat-commands.ts';
export { chatIdSchema, clientMessageIdSchema, textSchema } from './fields.schema.ts';
export {
  addMemberCommand,
  muteMemberCommand,
  removeMemberCommand,
  setRoleCommand,
} from './member-commands.ts';
export {
  deleteMessageCommand,
  editMessageCommand,
  eraseMessagesCommand,
  postMessageCommand,
  reactCommand,
} from './message-commands.ts';

/** Bytes of a whole command, or batch of commands, on the wire. */
export const maxCommandBytes = 64 * 1024;

/** Every command's form on the wire. */
export const commandForms: { readonly [T in CommandType]: CommandForm<CommandOf<T>> } = {
  ...chatForms,
  ...memberForms,
  ...messageForms,
};

/** Why something cannot be a command, in a sentence for people. */
type Unreadable = { readonly ok: false; readonly reason: string };
export type ReadCommand = { readonly ok: true; readonly command: Command } | Unreadable;
/** Several commands of one chat came in a batch; they are to be decided one after the other. */
export type Decoded =
  | { readonly ok: true; readonly chatId: ChatId; readonly commands: readonly [Command, ...Command[]] }
  | Unreadable;

const utf8 = new TextDecoder('utf-8', { fatal: true });

const unreadable = (reason: string): Unreadable => ({ ok: false, reason });

/** Reads what lies on the wire: a command, or a batch of them. Never throws. */
export const decodeCommands = (body: Uint8Array): Decoded => {
  if (body.byteLength > maxCommandBytes) {
    return unreadable(`the body has ${body.byteLength} bytes, ${maxCommandBytes} are allowed`);
  }
  let json: unknown;
  try {
    json = JSON.parse(utf8.decode(body));
  } catch (error) {
    return unreadable(`the body is not JSON in UTF-8${placeOf(error as Error)}`);
  }
  if (!isObject(json)) return unreadable('the body is not a JSON object');
  const hostility = hostilityOf(json);
  if (hostility !== undefined) return unreadable(`the body is refused: ${hostility}`);
  if (json.type === 'batch') return batchOf(json);
  const post = plainPost(json);
  if (post !== undefined) return { ok: true, chatId: post.chatId, commands: [post] };
  const read = commandOfJson(json);
  return read.ok ? { ok: true, chatId: read.command.chatId, commands: [read.command] } : read;
};

/** Without a `type` it is a `message.post` in the seed's form. */
export const commandOfJson = (json: object): ReadCommand => {
  const { type } = json as { type?: unknown };
  const form = formOf(type);
  if (form === undefined) return unreadable(`unknown command type ${JSON.stringify(type)?.slice(0, 60)}`);
  const result = form.schema.safeParse(json);
  if (!result.success) return unreadable(sentence(result.error));
  return { ok: true, command: form.toCommand(identityOf(result.data), result.data as never) };
};

const formOf = (type: unknown): CommandForm | undefined => {
  if (type === undefined) return seedPostForm as CommandForm;
  return typeof type === 'string' && Object.hasOwn(commandForms, type)
    ? (commandForms[type as CommandType] as CommandForm)
    : undefined;
};

/** All of it or nothing: one command that cannot be read makes the batch unreadable. */
const batchOf = ({ chat_id, commands }: Record<string, unknown>): Decoded => {
  const chatId = typeof chat_id === 'string' ? parseChatId(chat_id) : undefined;
  if (chatId === undefined) return unreadable('chat_id: a batch names its chat');
  if (!Array.isArray(commands) || commands.length === 0 || commands.length > maxBatchCommands)
    return unreadable(`commands: a batch has 1 to ${maxBatchCommands} of them`);
  const read: Command[] = [];
  for (const [index, json] of commands.entries()) {
    const one = isObject(json) ? partOf(json, chatId) : unreadable('a command is a JSON object');
    if (!one.ok) return unreadable(`commands.${index}: ${one.reason}`);
    read.push(one.command);
  }
  return { ok: true, chatId, commands: read as [Command, ...Command[]] };
};

const partOf = (json: Record<string, unknown>, chatId: ChatId): ReadCommand => {
  if (json.type === undefined) return unreadable('type: a command of a batch names its type');
  if (json.chat_id !== undefined && json.chat_id !== chatId)
    return unreadable('chat_id: all commands of a batch are of one chat');
  return commandOfJson({ ...json, chat_id: chatId });
};

const isObject = (json: unknown): json is Record<string, unknown> =>
  typeof json === 'object' && json !== null && !Array.isArray(json);

/** Only the place: the rest of V8's message quotes the body, and a reason is logged. */
const placeOf = ({ message }: Error): string => {
  const place = / at position \d+/.exec(message)?.[0];
  return place === undefined ? '' : `, broken${place}`;
};

/** A body of 64 kB can be wrong in thirty thousand places, and a reason is logged and kept. */
const maxNamedIssues = 5;

const sentence = ({ issues }: z.ZodError): string => {
  const named = issues
    .slice(0, maxNamedIssues)
    .map(({ path, message }) => (path.length === 0 ? message : `${path.join('.')}: ${message}`));
  const more = issues.length - named.length;
  return `${named.join('; ')}${more > 0 ? `; and ${more} more` : ''}`;
};

const identityOf = ({ chat_id, sender_id, client_message_id, sent_at, acted_by }: IdentityJson): Identity => ({
  chatId: chat_id,
  senderId: sender_id,
  clientMessageId: client_message_id,
  sentAt: sent_at ?? undefined,
  actedBy: acted_by,
});

/** A command's own form on the wire. */
export const encodeCommand = (command: Command): Buffer => {
  const isSeed = command.type === 'message.post' && command.seedForm;
  const form = (isSeed ? seedPostForm : commandForms[command.type]) as CommandForm;
  return Buffer.from(
    JSON.stringify({
      type: isSeed ? undefined : command.type,
      chat_id: command.chatId,
      sender_id: wireUserId(command.senderId),
      client_message_id: command.clientMessageId,
      sent_at: command.sentAt,
      acted_by: command.actedBy,
      ...form.toJson(command),
    }),
  );
};
