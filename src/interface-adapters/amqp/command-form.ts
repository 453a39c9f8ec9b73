import { z } from 'zod';
import type { Command } from '../../domain/chat/command.ts';
import type { ChatId, ClientMessageId, UserId } from '../../domain/ids.ts';
import { fingerprintOf } from './command-identity.ts';
import { actedBySchema, chatIdSchema, clientMessageIdSchema, sentAtSchema } from './fields.schema.ts';
import { userIdSchema } from './user-id.ts';

/** Whose command it is, and who acts when they do not. */
export type Who = { readonly senderId: UserId; readonly actedBy?: UserId | undefined };

/** Who asks, and where. */
export type Identity = Who & {
  readonly chatId: ChatId;
  readonly clientMessageId: ClientMessageId;
  readonly sentAt?: string | undefined;
};

export type CommandType = Command['type'];
export type CommandOf<T extends CommandType> = Command extends infer C
  ? C extends { readonly type: infer Types }
    ? T extends Types
      ? C
      : never
    : never
  : never;

const identityFields = {
  chat_id: chatIdSchema,
  sender_id: userIdSchema,
  client_message_id: clientMessageIdSchema,
  sent_at: sentAtSchema,
  acted_by: actedBySchema,
};
export type IdentityJson = z.output<z.ZodObject<typeof identityFields>>;

/** One command between JSON and the domain. */
export type CommandForm<C extends Command = Command> = {
  readonly schema: z.ZodType<IdentityJson>;
  toCommand(identity: Identity, json: never): C;
  /** The fields that the schema adds to those of every command. */
  toJson(command: C): Record<string, unknown>;
};

/** `type` undefined: the seed's form, which has none. */
export const commandForm = <C extends Command, Fields extends z.ZodRawShape>(
  type: CommandType | undefined,
  fields: Fields,
  toCommand: (identity: Identity, json: z.output<z.ZodObject<Fields>>) => C,
  toJson: (command: C) => Record<string, unknown>,
): CommandForm<C> & { readonly schema: z.ZodObject<typeof identityFields & Fields> } => ({
  schema: z.object({ ...(type !== undefined && { type: z.literal(type) }), ...identityFields, ...fields }) as never,
  toCommand,
  toJson,
});

/** The one place that makes commands, whichever way they came: who asks for the same always has the same fingerprint.
 *  `asked` in a fixed order. */
export const made = <C extends Command>(
  type: C['type'],
  { chatId, senderId, clientMessageId, sentAt, actedBy }: Identity,
  content: Omit<C, keyof Identity | 'type' | 'fingerprint'>,
  asked: readonly unknown[] = Object.values(content),
): C =>
  ({
    type,
    chatId,
    senderId,
    clientMessageId,
    sentAt,
    ...(actedBy !== undefined && { actedBy }),
    fingerprint: fingerprintOfAsked(type, asked, actedBy),
    ...content,
  }) as unknown as C;

/** The fingerprint of what `made` makes. */
export const fingerprintOfAsked = (type: CommandType, asked: readonly unknown[], actedBy: UserId | undefined): string =>
  fingerprintOf(actedBy === undefined ? [type, ...asked] : [type, ...asked, { actedBy }]);
