/** Ids and positions. Each is a branded primitive made by its parsing constructor; nothing downstream checks again. */

declare const brand: unique symbol;
type Branded<T, Name extends string> = T & { readonly [brand]: Name };

/** URL-safe text, 1 to 64 of `[A-Za-z0-9_-]`. */
export type ChatId = Branded<string, 'ChatId'>;
/** Opaque text, 1 to 60 printable ASCII characters without spaces. */
export type UserId = Branded<string, 'UserId'>;
/** The sender's own id for a command, 1 to 128 printable ASCII characters. */
export type ClientMessageId = Branded<string, 'ClientMessageId'>;
/** Position of a message in its chat: 1, 2, 3 … without gaps. */
export type Seq = Branded<number, 'Seq'>;
/** Position of an entry (any change) in its chat: 1, 2, 3 … without gaps. */
export type Rev = Branded<number, 'Rev'>;
/** Microseconds since 1970-01-01T00:00:00Z. */
export type Micros = Branded<number, 'Micros'>;
/** Number of a shard, from 0. */
export type ShardNumber = Branded<number, 'ShardNumber'>;

const chatIdForm = /^[A-Za-z0-9_-]{1,64}$/;
const userIdForm = /^[\x21-\x7e]{1,60}$/;
const clientMessageIdForm = /^[\x20-\x7e]{1,128}$/;

const parser =
  <T extends string>(form: RegExp) =>
  (text: string): T | undefined =>
    form.test(text) ? (text as T) : undefined;

export const parseChatId = parser<ChatId>(chatIdForm);
export const parseUserId = parser<UserId>(userIdForm);
export const parseClientMessageId = parser<ClientMessageId>(clientMessageIdForm);

const require = <T>(value: T | undefined, what: string, text: string): T => {
  if (value === undefined) throw new RangeError(`not a ${what}: ${JSON.stringify(text)}`);
  return value;
};

/** The same, for ids that are known to be well formed (read from the store, written in a test). Throws RangeError. */
export const chatId = (text: string): ChatId => require(parseChatId(text), 'chat id', text);
export const userId = (text: string): UserId => require(parseUserId(text), 'user id', text);
export const clientMessageId = (text: string): ClientMessageId =>
  require(parseClientMessageId(text), 'client message id', text);

export const seq = (value: number): Seq => value as Seq;
export const rev = (value: number): Rev => value as Rev;
export const micros = (value: number): Micros => value as Micros;
export const shardNumber = (value: number): ShardNumber => value as ShardNumber;
