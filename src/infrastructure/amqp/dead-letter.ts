import { hash } from 'node:crypto';
import type { ConsumeMessage } from 'amqplib/callback_api';
import { type Decoded, decodeCommands } from '../../interface-adapters/amqp/command-json.ts';
import { brokersOwn, deadLetterHeaders, isDeathHeader, passedOn, redeliveredHeader } from './message-properties.ts';
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
  readonly message: ConsumeMessage;
};

/** What the broker writes when a queue drops a message: newest first. */
type Death = { readonly queue?: unknown; readonly reason?: unknown; readonly time?: { readonly value?: unknown } };

const brokersReasons: Readonly<Record<string, string>> = {
  delivery_limit: 'delivered more often than the queue allows, and never settled',
  expired: 'its time to live was over',
  maxlen: 'the queue was full',
  rejected: 'a consumer rejected it',
};

/** Our headers count only on a letter that we wrote: on one that the broker dropped itself they are its producer's. `seen` counts the ids of one look, from the head of the queue on. */
export const deadLetterOf = (message: ConsumeMessage, seen: Map<string, number>): DeadLetter => {
  const headers: Record<string, unknown> = message.properties.headers ?? {};
  const death = deathOf(headers);
  const ours = death === undefined ? headers : {};
  const base = text(ours[deadLetterHeaders.id]) ?? digestOf(message, headers);
  const count = (seen.get(base) ?? 0) + 1;
  seen.set(base, count);
  const attempts = ours[deadLetterHeaders.attempts];
  return {
    id: count === 1 ? base : `${base}-${count}`,
    at: text(ours[deadLetterHeaders.at]) ?? timeOf(death),
    sourceQueue: text(ours[deadLetterHeaders.source]) ?? text(death?.queue),
    reason: text(ours[deadLetterHeaders.reason]) ?? brokersReason(death),
    attempts: typeof attempts === 'number' ? attempts : undefined,
    decoded: decodeCommands(message.content),
    message,
  };
};

/** The command as its producer sent it, into the hash exchange. It may have had its effect already, and says so. */
export const replayOf = ({ message }: DeadLetter, exchange: string, chatId: string): Parcel => {
  const ownHeaders = { [redeliveredHeader]: true };
  const options = passedOn(message, ownHeaders);
  const dropped = deathOf(options.headers ?? {}) !== undefined;
  const isAboutTheDeath = dropped ? isDeathHeader : isOurs;
  const headers = Object.fromEntries(Object.entries(options.headers ?? {}).filter(([name]) => !isAboutTheDeath(name)));
  return {
    exchange,
    routingKey: chatId,
    content: message.content,
    options: { ...options, headers, deliveryMode: 2 },
    ownHeaders,
  };
};

const isOurs = (header: string): boolean => Object.values<string>(deadLetterHeaders).includes(header);

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

/** Without what the broker counts up at every look. */
const digestOf = ({ content, properties }: ConsumeMessage, headers: Record<string, unknown>): string => {
  const lasting = Object.entries(headers).filter(([name]) => !brokersOwn.includes(name));
  return hash(
    'sha256',
    `${properties.messageId ?? ''}\n${JSON.stringify(lasting.sort(([a], [b]) => (a < b ? -1 : 1)))}\n${hash('sha256', content)}`,
  ).slice(0, 12);
};
