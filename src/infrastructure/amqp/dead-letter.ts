import { hash } from 'node:crypto';
import type { GetMessage } from 'amqplib/callback_api';
import { type Decoded, decodeCommand } from '../../interface-adapters/amqp/command-json.ts';
import { deadLetterHeaders, passedOn, redeliveredHeader } from './message-properties.ts';
import type { Parcel } from './parcel.ts';

/** One message of the dead-letter queue, as people see it. */
export type DeadLetter = {
  /** The same at every look, whatever lies before it; two letters that cannot be told apart get `-2`, `-3` … in their order. */
  readonly id: string;
  /** Undefined where nobody wrote it down. */
  readonly at: string | undefined;
  readonly sourceQueue: string | undefined;
  readonly reason: string;
  /** How often it had been delivered. */
  readonly attempts: number | undefined;
  readonly decoded: Decoded;
  readonly message: GetMessage;
};

/** What the broker writes when a queue drops a message: newest first. */
type Death = { readonly queue?: unknown; readonly reason?: unknown; readonly time?: { readonly value?: unknown } };

const brokersReasons: Readonly<Record<string, string>> = {
  delivery_limit: 'delivered more often than the queue allows, and never settled',
  expired: 'its time to live was over',
  maxlen: 'the queue was full',
  rejected: 'a consumer rejected it',
};

/** `seen` counts the ids of one look, from the head of the queue on. */
export const deadLetterOf = (message: GetMessage, seen: Map<string, number>): DeadLetter => {
  const headers: Record<string, unknown> = message.properties.headers ?? {};
  const death = deathOf(headers);
  const base = text(headers[deadLetterHeaders.id]) ?? digestOf(message, death);
  const count = (seen.get(base) ?? 0) + 1;
  seen.set(base, count);
  const attempts = headers[deadLetterHeaders.attempts];
  return {
    id: count === 1 ? base : `${base}-${count}`,
    at: text(headers[deadLetterHeaders.at]) ?? timeOf(death),
    sourceQueue: text(headers[deadLetterHeaders.source]) ?? text(death?.queue),
    reason: text(headers[deadLetterHeaders.reason]) ?? brokersReason(death),
    attempts: typeof attempts === 'number' ? attempts : undefined,
    decoded: decodeCommand(message.content),
    message,
  };
};

/** The command as its producer sent it, into the hash exchange. It may have had its effect already, and says so. */
export const replayOf = ({ message }: DeadLetter, exchange: string, chatId: string): Parcel => {
  const ownHeaders = { [redeliveredHeader]: true };
  const options = passedOn(message, ownHeaders);
  const headers = Object.fromEntries(Object.entries(options.headers ?? {}).filter(([name]) => !isAboutTheDeath(name)));
  return {
    exchange,
    routingKey: chatId,
    content: message.content,
    options: { ...options, headers, deliveryMode: 2 },
    ownHeaders,
  };
};

const isAboutTheDeath = (header: string): boolean =>
  /^x-(death$|first-death-|last-death-)/.test(header) || Object.values<string>(deadLetterHeaders).includes(header);

const text = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const deathOf = (headers: Record<string, unknown>): Death | undefined => {
  const deaths = headers['x-death'];
  return Array.isArray(deaths) ? (deaths[0] as Death) : undefined;
};

const timeOf = (death: Death | undefined): string | undefined => {
  const seconds = death?.time?.value;
  return typeof seconds === 'number' ? new Date(seconds * 1_000).toISOString() : undefined;
};

const brokersReason = (death: Death | undefined): string => {
  const reason = text(death?.reason);
  return reason === undefined ? 'no reason given' : `${reason}: ${brokersReasons[reason] ?? 'said the broker'}`;
};

const digestOf = ({ content, properties }: GetMessage, death: Death | undefined): string =>
  hash(
    'sha256',
    `${properties.messageId ?? ''}\n${death?.queue ?? ''}\n${death?.time?.value ?? ''}\n${hash('sha256', content)}`,
  ).slice(0, 12);
