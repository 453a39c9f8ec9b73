import type { CreateChat } from '../../domain/chat/command.ts';
import type { ChatId, UserId } from '../../domain/ids.ts';
import type { ChatReader } from '../ports/chat-reader.ts';
import { orUnavailable, type Refused } from './result.ts';
import type { runCommand } from './run-command.ts';

export type ChatOfUsersDeps = { readonly reader: ChatReader; readonly runCommand: ReturnType<typeof runCommand> };

/** Get or create the one chat of exactly these users, whoever of them asks first. */
export const chatOfUsers =
  ({ reader, runCommand }: ChatOfUsersDeps) =>
  async (
    command: CreateChat,
    timeoutMs: number,
  ): Promise<{ readonly kind: 'ok'; readonly chatId: ChatId } | Refused> => {
    const { chatId, senderId } = command;
    if (await isIn(reader, chatId, senderId)) return { kind: 'ok', chatId };
    const result = await runCommand(command, timeoutMs);
    if (result.kind === 'ok') return { kind: 'ok', chatId };
    // Another one of them has made it meanwhile.
    return (await isIn(reader, chatId, senderId)) ? { kind: 'ok', chatId } : result;
  };

const isIn = async (reader: ChatReader, chatId: ChatId, userId: UserId): Promise<boolean> => {
  const standing = await orUnavailable('STORAGE_UNAVAILABLE', () => reader.standing(chatId, userId));
  return standing?.member !== undefined;
};
