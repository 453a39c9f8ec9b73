import { type CreateChat, maxMembers } from '../../domain/chat/command.ts';
import type { Rejection } from '../../domain/chat/rejection.ts';
import { type ClientMessageId, chatId } from '../../domain/ids.ts';
import type { Who } from '../amqp/command-form.ts';
import { directChatId, groupChatId } from '../amqp/command-identity.ts';
import { createChatCommand, encodeCommand, maxCommandBytes, settingsOf } from '../amqp/command-json.ts';
import type { CreateChatJson } from './chat.schema.ts';

export type CreateChatRequest =
  | { readonly kind: 'command'; readonly command: CreateChat }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

const invalid = (code: 'VALIDATION_FAILED' | 'PAYLOAD_TOO_LARGE', reason: string): CreateChatRequest => ({
  kind: 'rejected',
  rejection: { code, reason },
});

/** Makes the command, and with it the chat's id: of a direct chat from its two users, of a group from who asks and the
 *  client_message_id. */
export const createChatRequest = (
  who: Who,
  clientMessageId: ClientMessageId,
  { kind, title, member_ids, slow_mode_ms, history, retention_days }: CreateChatJson,
): CreateChatRequest => {
  const { senderId } = who;
  const others = [...new Set(member_ids)].filter((id) => id !== senderId);
  if (kind === 'direct' && (others.length > 1 || member_ids.length === 0)) {
    return invalid('VALIDATION_FAILED', 'member_ids: a direct chat has exactly one other member, or only yourself');
  }
  if (others.length >= maxMembers) {
    return invalid('VALIDATION_FAILED', `member_ids: a chat has at most ${maxMembers} members, its creator included`);
  }
  const id =
    kind === 'direct' ? directChatId([senderId, others[0] ?? senderId]) : groupChatId(senderId, clientMessageId);
  const command = createChatCommand(
    { ...who, chatId: chatId(id), clientMessageId },
    { kind, settings: settingsOf({ title, slow_mode_ms, history, retention_days }), memberIds: member_ids },
  );
  // Sent all the same it would end among the dead letters, and the answer would be a timeout.
  if (encodeCommand(command).byteLength > maxCommandBytes) {
    return invalid('PAYLOAD_TOO_LARGE', `a command has at most ${maxCommandBytes} bytes: name fewer members`);
  }
  return { kind: 'command', command };
};
