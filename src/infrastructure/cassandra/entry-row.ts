import type { ChatCreated, Entry, MessagePosted } from '../../domain/chat/entry.ts';
import { type ChatId, clientMessageId, micros, rev, seq, type UserId, userId } from '../../domain/ids.ts';
import type { Row } from './client.ts';
import { numberOf } from './data-access.ts';

/** The cells `details` of both tables: what of an entry has no cell of its own. An entry comes back exactly as it was decided. */

/** By recipients, then by recipient: a chat's posts share their list, so the text is made once per list, not per message. */
const postDetails = new WeakMap<readonly UserId[], Map<UserId | null, string>>();

export const detailsOfPost = ({ recipients, recipientId }: MessagePosted): string => {
  const make = () => JSON.stringify({ v: 1, recipients, recipientId });
  if (recipients === null) return make();
  let texts = postDetails.get(recipients);
  if (texts === undefined) {
    texts = new Map();
    postDetails.set(recipients, texts);
  }
  const text = texts.get(recipientId) ?? make();
  texts.set(recipientId, text);
  return text;
};

type Change = Exclude<Entry, MessagePosted>;

export const detailsOfChange = (entry: Change): string => {
  switch (entry.type) {
    case 'chat.created':
      return JSON.stringify({
        v: 1,
        recipients: entry.recipients,
        kind: entry.kind,
        title: entry.title,
        members: entry.members.map(({ userId: id, role }) => [id, role]),
      });
  }
};

export const messageColumns = 'seq, rev, sender_id, client_message_id, fingerprint, body, at, sent_at, details';

export const postOfRow = (chatId: ChatId, row: Row): MessagePosted => {
  const { recipients, recipientId } = JSON.parse(row.details);
  return {
    type: 'message.posted',
    ...sharedFields(chatId, row),
    seq: seq(numberOf(row.seq)),
    recipients,
    body: row.body,
    recipientId,
  };
};

export const changeColumns = 'rev, type, sender_id, client_message_id, fingerprint, at, sent_at, details';

export const changeOfRow = (chatId: ChatId, row: Row): Change => {
  const type = row.type as Change['type'];
  const details = JSON.parse(row.details);
  switch (type) {
    case 'chat.created': {
      const members = (details.members as [UserId, ChatCreated['members'][number]['role']][]).map(([id, role]) => ({
        userId: id,
        role,
      }));
      const { recipients, kind, title } = details;
      return { type, ...sharedFields(chatId, row), recipients, kind, title, members };
    }
  }
  throw new Error(`an entry of a type that this version does not know: ${type satisfies never}`);
};

const sharedFields = (chatId: ChatId, row: Row) => ({
  chatId,
  rev: rev(numberOf(row.rev)),
  senderId: userId(row.sender_id),
  clientMessageId: clientMessageId(row.client_message_id),
  fingerprint: row.fingerprint as string,
  sentAt: row.sent_at as string,
  at: micros(numberOf(row.at)),
});
