import type { MessageView } from '../../application/ports/chat-reader.ts';
import { type ChatId, clientMessageId, micros, rev, seq, userId } from '../../domain/ids.ts';
import type { Row } from './client.ts';
import { numberOf } from './data-access.ts';
import { extrasOf, postDetailsOf } from './entry-row.ts';

export const viewColumns =
  'seq, rev, sender_id, client_message_id, body, at, sent_at, details, extras, edited, edited_body, removed, reactions';

/** A message as it is now: its post, and what later entries have written beside it. */
export const viewOfRow = (chatId: ChatId, row: Row): MessageView => {
  const { recipients, recipientId } = postDetailsOf(row.details);
  const posted = numberOf(row.rev);
  const edited = row.edited === null ? undefined : JSON.parse(row.edited);
  const removed = row.removed === null ? undefined : JSON.parse(row.removed);
  const reactions = row.reactions === null ? undefined : JSON.parse(row.reactions);
  return {
    chatId,
    recipients,
    seq: seq(numberOf(row.seq)),
    rev: rev(posted),
    post: {
      senderId: userId(row.sender_id),
      clientMessageId: clientMessageId(row.client_message_id),
      sentAt: row.sent_at,
      at: micros(numberOf(row.at)),
      recipientId,
      extras: extrasOf(row),
    },
    body: edited === undefined ? row.body : row.edited_body,
    version: edited?.version ?? 1,
    editedAt: edited?.at ?? null,
    removed: removed?.kind ?? null,
    reactions: reactions?.counts ?? {},
    changedRev: rev(Math.max(posted, edited?.rev ?? 0, removed?.rev ?? 0, reactions?.rev ?? 0)),
  };
};
