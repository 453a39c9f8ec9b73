import type { FastifyReply, FastifyRequest } from 'fastify';
import type { IdGenerator } from '../../application/ports/system.ts';
import type { runCommand } from '../../application/use-cases/run-command.ts';
import type { Command } from '../../domain/chat/command.ts';
import { type ChatId, type ClientMessageId, clientMessageId } from '../../domain/ids.ts';
import type { Identity } from '../../interface-adapters/amqp/command-form.ts';
import { decodeCommands, encodeCommand } from '../../interface-adapters/amqp/command-json.ts';
import { whoCommands } from './on-behalf.ts';
import { sendJson } from './route-kit.ts';
import { sendRejection } from './send-problem.ts';

export type CommandDeps = {
  readonly runCommand: ReturnType<typeof runCommand>;
  readonly ids: IdGenerator;
  readonly commandTimeoutMs: number;
};

export type CommandRequest = {
  readonly chatId: ChatId;
  /** The caller's own id for it, when there is one. */
  readonly given: ClientMessageId | undefined;
  /** 201 unless it was a repeat. */
  readonly created?: boolean;
};

/** Sends a command on its chat's way, like one from the broker, and answers with its event. */
export const answerCommand = async (
  { runCommand, ids, commandTimeoutMs }: CommandDeps,
  request: FastifyRequest,
  reply: FastifyReply,
  { chatId, given, created = false }: CommandRequest,
  make: (identity: Identity) => Command,
): Promise<FastifyReply> => {
  const id = given ?? clientMessageId(ids.random());
  request.clientMessageId = id;
  const who = whoCommands(request);
  if (who.kind === 'rejected') return sendRejection(request, reply, who.rejection);
  const { senderId, actedBy } = who;
  const command = make({ chatId, senderId, actedBy, clientMessageId: id });
  const refusal = isPlainPost(command) ? undefined : refusalOnTheWay(command);
  if (refusal !== undefined) return sendRejection(request, reply, { code: 'VALIDATION_FAILED', reason: refusal });
  const result = await runCommand(command, commandTimeoutMs, traceparentOf(request));
  if (result.kind === 'rejected') return sendRejection(request, reply, result.rejection);
  if (result.replayed) void reply.header('idempotency-replayed', 'true');
  return sendJson(reply.code(created && !result.replayed ? 201 : 200), result.event);
};

/** Nothing but a text, which the route has looked at. */
const isPlainPost = (command: Command): boolean => command.type === 'message.post' && command.extras === null;

/** Sent all the same, what the other end cannot read would lie among the dead letters, and the answer would be a timeout. */
const refusalOnTheWay = (command: Command): string | undefined => {
  const read = decodeCommands(encodeCommand(command));
  return read.ok ? undefined : read.reason;
};

/** Of a sane length: it becomes a header of ours. */
const traceparentOf = ({ headers: { traceparent } }: FastifyRequest): string | undefined =>
  typeof traceparent === 'string' && traceparent.length <= 64 ? traceparent : undefined;
