import type { PostMessage } from '../../domain/chat/command.ts';
import { parseChatId, parseClientMessageId, parseUserId, type UserId } from '../../domain/ids.ts';
import { isText, maxSentAtLength } from './fields.schema.ts';
import { postMessageCommand } from './message-commands.ts';

/** What nearly all commands are, a post of nothing but text, read by hand: its schema takes several times as long. Undefined for everything else, also
 *  for what the schema will refuse, and say why. A test holds it to the schemas. */
export const plainPost = (json: Readonly<Record<string, unknown>>): PostMessage | undefined => {
  const { type, body, sent_at, recipient_id } = json;
  const seedForm = type === undefined;
  if (!seedForm && (type !== 'message.post' || hasExtras(json) || body === '')) return undefined;
  if (typeof body !== 'string' || !isText(body) || json.acted_by !== undefined) return undefined;
  if (sent_at != null && !(typeof sent_at === 'string' && sent_at.length <= maxSentAtLength && isText(sent_at)))
    return undefined;
  const chatId = typeof json.chat_id === 'string' ? parseChatId(json.chat_id) : undefined;
  const senderId = writtenUserId(json.sender_id);
  const clientMessageId =
    typeof json.client_message_id === 'string' ? parseClientMessageId(json.client_message_id) : undefined;
  const recipientId = recipient_id == null ? undefined : writtenUserId(recipient_id);
  if (chatId === undefined || senderId === undefined || clientMessageId === undefined) return undefined;
  if (recipient_id != null && recipientId === undefined) return undefined;
  return postMessageCommand(
    { chatId, senderId, clientMessageId, sentAt: sent_at ?? undefined },
    { body, recipientId, seedForm },
  );
};

/** The seed's form has none: there these are fields that nobody reads. */
const hasExtras = ({ reply_to, mentions, attachments }: Readonly<Record<string, unknown>>): boolean =>
  reply_to != null || mentions != null || attachments != null;

const writtenUserId = (value: unknown): UserId | undefined =>
  typeof value === 'string' || Number.isSafeInteger(value) ? parseUserId(String(value)) : undefined;
