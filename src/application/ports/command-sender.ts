import type { Command } from '../../domain/chat/command.ts';
import type { RejectCode } from '../../domain/chat/rejection.ts';

/** The broker surely did not take the command (`OVERLOADED`), or nobody knows what became of it in time (`OUTCOME_UNKNOWN`). */
export class SendFailed extends Error {
  override readonly name = 'SendFailed';
  readonly code: Extract<RejectCode, 'OVERLOADED' | 'OUTCOME_UNKNOWN'>;
  constructor(code: SendFailed['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

export type SentOutcome = {
  /** The outcome's event, the JSON text that every consumer of the events sees. */
  readonly event: string;
  /** True when the command had been answered before. */
  readonly replayed: boolean;
};

/** Puts a command on its chat's way through the ingress and waits for its outcome. `traceparent` (W3C) goes with it. Rejects with
 *  SendFailed. */
export type CommandSender = {
  send(command: Command, timeoutMs: number, traceparent?: string): Promise<SentOutcome>;
};
