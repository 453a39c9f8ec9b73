import type { CreateChat } from '../../domain/chat/command.ts';
import type { ChatReader, ChatView } from '../ports/chat-reader.ts';
import type { CommandSender } from '../ports/command-sender.ts';
import type { ReadOutcome } from './command-outcome.ts';
import { orUnavailable, type Refused, refused } from './result.ts';

export type CreateChatDeps = {
  readonly sender: CommandSender;
  readonly reader: ChatReader;
  readonly readOutcome: ReadOutcome;
};

/** `created` is false when the chat was there already: a repeat, or the direct chat of the same two. */
export type CreateChatResult = { readonly kind: 'ok'; readonly chat: ChatView; readonly created: boolean } | Refused;

export const createChat =
  ({ sender, reader, readOutcome }: CreateChatDeps) =>
  async (command: CreateChat, timeoutMs: number): Promise<CreateChatResult> => {
    const { event, replayed } = await sender.send(command, timeoutMs);
    const outcome = readOutcome(event);
    if (outcome.kind === 'rejected') return refused(outcome.rejection);
    // Not STORAGE_UNAVAILABLE: that one promises that the command was not taken.
    const chat = await orUnavailable('OUTCOME_UNKNOWN', async () => {
      const view = await reader.chat(command.chatId);
      if (view === undefined) throw new Error(`chat ${command.chatId} was accepted and cannot be read`);
      return view;
    });
    const mine = outcome.senderId === command.senderId && outcome.clientMessageId === command.clientMessageId;
    return { kind: 'ok', chat, created: mine && !replayed };
  };
