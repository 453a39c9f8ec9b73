import type { DatabaseSync } from 'node:sqlite';
import type { MessageVersion, MessageView, PageRequest } from '../../application/ports/chat-reader.ts';
import type { MessageState, Target } from '../../domain/chat/message-state.ts';
import { postedFields } from '../../domain/chat/message-state.ts';
import { type ChatId, type Micros, micros, rev, type Seq, seq, type UserId } from '../../domain/ids.ts';
import type { PageWindow, SeqAnchor } from '../store-kit/page-window.ts';
import { changeOf, parsedOrNull, postColumns, postOf, type Row } from './entry-rows.ts';

const viewColumns = `${postColumns}, edited, removed, reactions, changed_rev`;

const stateOf = (chatId: ChatId, row: Row): MessageState => {
  const post = postOf(chatId, row);
  const edited = parsedOrNull(row.edited);
  return {
    seq: post.seq,
    rev: post.rev,
    post: postedFields(post),
    body: edited?.body ?? post.body,
    version: edited?.version ?? 1,
    editedAt: edited?.at ?? null,
    removed: row.removed as MessageState['removed'],
    reactions: parsedOrNull(row.reactions) ?? {},
    changedRev: rev((row.changed_rev ?? row.rev) as number),
  };
};

const viewOf = (chatId: ChatId, row: Row): MessageView => ({
  ...stateOf(chatId, row),
  chatId,
  recipients: parsedOrNull(row.recipients),
});

/** Messages as they are now, and what hangs on them. */
export const messageRows = (database: DatabaseSync) => {
  const select = database.prepare(`SELECT ${viewColumns} FROM messages WHERE chat_id = ? AND seq = ?`);
  const selectRange = database.prepare(
    `SELECT ${viewColumns} FROM messages WHERE chat_id = ? AND seq BETWEEN ? AND ? ORDER BY seq`,
  );
  const selectTarget = database.prepare(
    `SELECT ${viewColumns},
       (SELECT emoji FROM reactions r WHERE r.chat_id = m.chat_id AND r.seq = m.seq AND user_id = ?) AS own,
       (SELECT max(bucket) FROM chat_buckets b WHERE b.chat_id = m.chat_id AND first_seq <= m.seq) AS bucket
     FROM messages m WHERE chat_id = ? AND seq = ?`,
  );
  const selectNewest = database.prepare(
    'SELECT sender_id AS senderId, at FROM messages WHERE chat_id = ? ORDER BY seq DESC LIMIT ?',
  );
  const selectTime = database.prepare('SELECT at FROM messages WHERE chat_id = ? AND seq = ?');
  const selectEdits = database.prepare(
    "SELECT * FROM changes WHERE chat_id = ? AND seq = ? AND type = 'message.edited' ORDER BY rev",
  );
  const selectReactions = database.prepare(
    'SELECT user_id, emoji FROM reactions WHERE chat_id = ? AND seq = ? ORDER BY user_id',
  );
  const selectHidden = database.prepare(
    'SELECT seq FROM hidden_messages WHERE chat_id = ? AND user_id = ? AND seq BETWEEN ? AND ?',
  );

  const message = (chatId: ChatId, at: Seq): MessageView | undefined => {
    const row = select.get(chatId, at);
    return row && viewOf(chatId, row);
  };
  const edits = (chatId: ChatId, at: Seq): MessageVersion[] =>
    selectEdits.all(chatId, at).flatMap((row) => {
      const entry = changeOf(chatId, row);
      if (entry.type !== 'message.edited') return [];
      return [{ version: entry.version, body: entry.body, at: entry.at, by: entry.senderId }];
    });

  /** The first message that was posted then or later, by halving: times grow with the seqs, and an index on them would be one more
   *  write for each post. `end` when there is none. */
  const firstSince = (chatId: ChatId, time: Micros, firstSeq: Seq, end: Seq): Seq => {
    let [low, high]: [number, number] = [firstSeq, end];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const row = selectTime.get(chatId, middle);
      if (row !== undefined && (row.at as number) >= time) high = middle;
      else low = middle + 1;
    }
    return seq(low);
  };

  return {
    message,
    range: (chatId: ChatId, { low, high }: PageWindow): MessageView[] =>
      selectRange.all(chatId, low, high).map((row) => viewOf(chatId, row)),
    target: (chatId: ChatId, at: Seq, userId: UserId): Target | undefined => {
      const row = selectTarget.get(userId, chatId, at);
      return row && { message: stateOf(chatId, row), own: parsedOrNull(row.own) ?? [], bucket: row.bucket as number };
    },
    /** Who posted the newest ones, newest first. */
    newest: (chatId: ChatId, count: number) =>
      selectNewest.all(chatId, count) as unknown as { senderId: UserId; at: Micros }[],
    /** By time: around the first message that was posted then or later; past the end when there is none. */
    seqAnchor: (chatId: ChatId, anchor: PageRequest['anchor'], firstSeq: Seq, end: Seq): SeqAnchor =>
      anchor.at === 'time' ? { at: 'around', seq: firstSince(chatId, anchor.time, firstSeq, end) } : anchor,
    /** The post first. */
    versions: (chatId: ChatId, at: Seq): MessageVersion[] => {
      const row = select.get(chatId, at);
      if (row === undefined) return [];
      const first = { body: row.body as string, at: micros(row.at as number), by: row.sender_id as UserId };
      return [{ version: 1, ...first }, ...edits(chatId, at)];
    },
    reactions: (chatId: ChatId, at: Seq): { userId: UserId; emoji: readonly string[] }[] =>
      selectReactions
        .all(chatId, at)
        .map((row) => ({ userId: row.user_id as UserId, emoji: JSON.parse(row.emoji as string) })),
    hidden: (chatId: ChatId, userId: UserId, low: Seq, high: Seq): ReadonlySet<Seq> =>
      new Set(selectHidden.all(chatId, userId, low, high).map((row) => seq(row.seq as number))),
  };
};
