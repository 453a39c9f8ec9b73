import { keysPerBlock } from '../../src/application/turn/key-log.ts';
import type { ChatId, ClientMessageId } from '../../src/domain/ids.ts';
import { rev, seq } from '../../src/domain/ids.ts';
import { openDataFolder } from '../../src/infrastructure/sqlite/data-folder.ts';
import { postColumns, postValues } from '../../src/infrastructure/sqlite/entry-rows.ts';
import type { ForwardStore } from './forward-store.ts';
import { samplePost } from './samples.ts';

/** The service's writes in its groups: one transaction for everything that came in one pass of the event loop. */
export const openForwardSqlite = (dataDir: string, bodyBytes: number): ForwardStore => {
  const { database, close } = openDataFolder(dataDir);
  const begin = database.prepare('BEGIN IMMEDIATE');
  const commit = database.prepare('COMMIT');
  const addChat = database.prepare(
    "INSERT INTO chats (chat_id, kind, creator_id, bucket, next_seq, next_rev) VALUES (?, 'group', '1', 0, 1, 1)",
  );
  const addPost = database.prepare(
    `INSERT INTO messages (chat_id, ${postColumns}) VALUES (?${', ?'.repeat(postColumns.split(',').length)})`,
  );
  const moveHead = database.prepare(
    'UPDATE chats SET next_seq = ?, next_rev = ?, last_at = ? WHERE chat_id = ? AND next_rev < ?',
  );
  const addKeys = database.prepare('INSERT INTO entry_keys VALUES (?, ?, ?)');
  const keys = Buffer.alloc(keysPerBlock * 12, 7);
  const { entry } = samplePost(bodyBytes);
  const seqs = new Map<string, number>();
  let group: { readonly chatId: string; readonly messageId: string; readonly done: () => void }[] = [];

  const write = (chatId: string, messageId: string) => {
    const last = seqs.get(chatId) ?? 0;
    if (last === 0) addChat.run(chatId);
    const at = last + 1;
    seqs.set(chatId, at);
    const post = { ...entry, chatId: chatId as ChatId, clientMessageId: messageId as ClientMessageId };
    moveHead.run(at + 1, at + 2, post.at, chatId, at + 2);
    if ((at + 1) % keysPerBlock === 0) addKeys.run(chatId, at - keysPerBlock + 2, keys);
    addPost.run(...postValues({ ...post, seq: seq(at), rev: rev(at + 1) }));
  };
  const flush = () => {
    const written = group;
    group = [];
    begin.run();
    for (const { chatId, messageId } of written) write(chatId, messageId);
    commit.run();
    for (const { done } of written) done();
  };
  return {
    write: (chatId, messageId, done) => {
      if (group.push({ chatId, messageId, done }) === 1) setImmediate(flush);
    },
    close: async () => close(),
  };
};
