import type { Command } from '../../domain/chat/command.ts';
import type { RejectCode } from '../../domain/chat/rejection.ts';
import type { CommandSender } from '../ports/command-sender.ts';
import type { ReadOutcome } from './command-outcome.ts';
import { noSuchChat, type Refused, refused } from './result.ts';

export type RunCommandDeps = { readonly sender: CommandSender; readonly readOutcome: ReadOutcome };

export type RunCommandResult =
  /** `event` is what every consumer of the events sees. */
  { readonly kind: 'ok'; readonly event: string; readonly replayed: boolean } | Refused;

/** Puts a command on its chat's way and waits for its outcome. */
export const runCommand =
  ({ sender, readOutcome }: RunCommandDeps) =>
  async (command: Command, timeoutMs: number, traceparent?: string): Promise<RunCommandResult> => {
    const { event, replayed } = await sender.send(command, timeoutMs, traceparent);
    const outcome = readOutcome(event);
    if (outcome.kind === 'accepted') return { kind: 'ok', event, replayed };
    return refused(tellsOfTheChat(outcome.rejection.code) ? noSuchChat : outcome.rejection);
  };

/** The two that would let a stranger tell an unknown chat from somebody else's. */
const tellsOfTheChat = (code: RejectCode): boolean => code === 'CHAT_NOT_FOUND' || code === 'NOT_A_MEMBER';
