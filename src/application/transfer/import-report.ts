import type { RejectCode } from '../../domain/chat/rejection.ts';
import type { ChatId } from '../../domain/ids.ts';

/** What became of the lines of one import. */
export type ImportReport = {
  /** Chats that lines were about. */
  chats: number;
  /** Entries and commands that were written now. */
  written: number;
  /** Those that were there already, from an earlier import. */
  present: number;
  /** Commands of another system that the rules of this one refuse. */
  readonly rejected: { readonly line: number; readonly code: RejectCode; readonly reason: string }[];
  /** Chats that were left alone from some line on, and why. */
  readonly refused: { readonly line: number; readonly chatId: ChatId; readonly reason: string }[];
  /** Chats whose beginning was not kept where they come from. */
  readonly incomplete: ChatId[];
};

export const emptyReport = (): ImportReport => ({
  chats: 0,
  written: 0,
  present: 0,
  rejected: [],
  refused: [],
  incomplete: [],
});
