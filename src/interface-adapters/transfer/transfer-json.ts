import { z } from 'zod';
import type { TransferLine } from '../../application/transfer/transfer-line.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import { type Micros, parseChatId, parseClientMessageId, parseUserId } from '../../domain/ids.ts';
import { decodeCommands } from '../amqp/command-json.ts';
import { instantSchema } from '../amqp/fields.schema.ts';

/** A line that is no part of any history. `message` says what is wrong with it. */
export class UnreadableLine extends Error {
  override readonly name = 'UnreadableLine';
}

const id = <T extends string>(parse: (text: string) => T | undefined) =>
  z.string().transform((text, context) => {
    const parsed = parse(text);
    if (parsed !== undefined) return parsed;
    context.addIssue(`${JSON.stringify(text)} is no such id`);
    return z.NEVER;
  });
const chatId = id(parseChatId);
const userId = id(parseUserId);
const position = z.int().min(1);

const entryTypes = [
  'chat.created',
  'chat.updated',
  'chat.trimmed',
  'member.added',
  'member.removed',
  'member.role_set',
  'member.muted',
  'message.posted',
  'message.edited',
  'message.deleted',
  'message.erased',
  'reaction.added',
  'reaction.removed',
] as const satisfies readonly Entry['type'][];

/** What makes an entry an entry; the rest is as an export of this service has it. */
const entry = z.looseObject({
  type: z.enum(entryTypes),
  chatId,
  rev: position,
  senderId: userId,
  clientMessageId: id(parseClientMessageId),
  fingerprint: z.string().min(1),
  sentAt: z.string(),
  at: z.int(),
  recipients: z.array(userId).nullable(),
});

const line = z.union([
  z.strictObject({ entry }),
  z.strictObject({
    read: z.strictObject({ chatId, userId, readSeq: z.int().min(0), unreadFrom: position.nullable() }),
  }),
  z.strictObject({ profile: z.strictObject({ userId, username: z.string(), avatarUrl: z.string() }) }),
  z.strictObject({ done: z.strictObject({ chatId, position: z.string(), complete: z.boolean() }) }),
  z.strictObject({ command: z.looseObject({}), at: instantSchema }),
]);

/** One line of JSON, without its end. */
export const encodeTransferLine = (item: TransferLine): string => {
  switch (item.kind) {
    case 'entry':
      return JSON.stringify({ entry: item.entry });
    case 'read':
      return JSON.stringify({ read: { chatId: item.chatId, userId: item.userId, ...item.marker } });
    case 'profile':
      return JSON.stringify({ profile: item.profile });
    case 'done':
      return JSON.stringify({ done: { chatId: item.chatId, position: item.position, complete: item.complete } });
    case 'command':
      throw new RangeError('commands are only ever imported');
  }
};

/** Throws UnreadableLine. */
export const decodeTransferLine = (text: string): TransferLine => {
  const parsed = line.safeParse(jsonOf(text));
  if (!parsed.success) throw new UnreadableLine(sentenceOf(parsed.error));
  const found = parsed.data;
  if ('entry' in found) return { kind: 'entry', entry: found.entry as unknown as Entry };
  if ('read' in found) {
    const { chatId, userId, ...marker } = found.read;
    return { kind: 'read', chatId, userId, marker: marker as never };
  }
  if ('profile' in found) return { kind: 'profile', profile: found.profile };
  if ('done' in found) return { kind: 'done', ...found.done };
  return commandOf(found);
};

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UnreadableLine(`it is not JSON: ${(error as Error).message}`);
  }
};

const sentenceOf = ({ issues }: z.ZodError): string => {
  const [issue] = issues;
  const deepest = issue?.code === 'invalid_union' ? issue.errors.flat().find(({ path }) => path.length > 1) : issue;
  return deepest === undefined
    ? 'it is none of {"entry"}, {"read"}, {"profile"}, {"done"}, {"command", "at"}'
    : `${deepest.path.join('.')}: ${deepest.message}`;
};

const commandOf = ({ command, at }: { command: object; at: Micros }): TransferLine => {
  const decoded = decodeCommands(Buffer.from(JSON.stringify(command)));
  if (!decoded.ok) throw new UnreadableLine(`command: ${decoded.reason}`);
  const [first, ...more] = decoded.commands;
  if (more.length > 0) throw new UnreadableLine('command: a batch has no place here; one command a line');
  return { kind: 'command', command: first, at };
};
