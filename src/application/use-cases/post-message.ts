import type { PostMessage } from '../../domain/chat/command.ts';
import type { RejectCode } from '../../domain/chat/rejection.ts';
import type { CommandSender } from '../ports/command-sender.ts';
import type { ReadOutcome } from './command-outcome.ts';
import { noSuchChat, type Refused, refused } from './result.ts';

export type PostMessageDeps = { readonly sender: CommandSender; readonly readOutcome: ReadOutcome };

export type PostMessageResult =
  /** `event` is the message as every consumer of the events sees it. */
  { readonly kind: 'ok'; readonly event: string; readonly replayed: boolean } | Refused;

export const postMessage =
  ({ sender, readOutcome }: PostMessageDeps) =>
  async (command: PostMessage, timeoutMs: number): Promise<PostMessageResult> => {
    const { event, replayed } = await sender.send(command, timeoutMs);
    const outcome = readOutcome(event);
    if (outcome.kind === 'accepted') return { kind: 'ok', event, replayed };
    return refused(tellsOfTheChat(outcome.rejection.code) ? noSuchChat : outcome.rejection);
  };

/** The two that would let a stranger tell an unknown chat from somebody else's. */
const tellsOfTheChat = (code: RejectCode): boolean => code === 'CHAT_NOT_FOUND' || code === 'NOT_A_MEMBER';
