import { type Answer, isEntry } from '../../src/application/decision.ts';
import type { Command } from '../../src/domain/chat/command.ts';

type Key = Pick<Command, 'chatId' | 'senderId' | 'clientMessageId' | 'fingerprint'>;
/** Names a command: what makes it idempotent, and what it asks for. */
export const keyOf = ({ chatId, senderId, clientMessageId, fingerprint }: Key) =>
  `${chatId}\n${senderId}\n${clientMessageId}\n${fingerprint}`;

export const nameOf = (answer: Answer): string =>
  isEntry(answer)
    ? `${answer.chatId} rev ${answer.rev} (${answer.clientMessageId})`
    : `${answer.chatId} rejected (${answer.clientMessageId}, ${answer.code})`;

/** The beginning of a session's id. */
export const short = (id: unknown): string => String(id).slice(0, 4);
