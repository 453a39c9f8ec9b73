import type { Rejection } from '../../domain/chat/rejection.ts';

/** What an outcome's event says. The two ids are those of the command that had the effect, which for something that was
 *  there already is another one than was sent. */
export type CommandOutcome =
  | { readonly kind: 'accepted'; readonly senderId: string; readonly clientMessageId: string }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

/** Reads the event that answers a command. Throws when it is none. */
export type ReadOutcome = (event: string) => CommandOutcome;
