import fc from 'fast-check';
import { systemSender } from '../../../src/domain/chat/system-sender.ts';
import { encodeCommand, maxCommandBytes } from '../../../src/interface-adapters/amqp/command-json.ts';
import { anyCommand } from '../../unit/amqp/any-command.ts';

/** What some publisher sends, and the chat that it is routed by. */
export type SentBody = { readonly body: Buffer; readonly route: string; readonly isValid: boolean };

type Json = Record<string, unknown>;

/** Few, so that commands meet chats, members and messages that are there; names that objects have by birth among them. */
export const chats = ['one', 'two', 'three', '__proto__', 'constructor', 'toString'];
export const members = ['2', '3', '4', '__proto__', 'hasOwnProperty'];
const users = fc.constantFrom<unknown>(1, 2, 3, '4', '__proto__', 'hasOwnProperty', systemSender);
const someSeq = fc.integer({ min: 1, max: 12 });
const someId = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', '__proto__');

/** Numbers and text that a line of JSON can hold and code may stumble over, as JSON. */
const nasty = fc.oneof(
  fc.constantFrom(
    ...['null', 'true', '0', '-0', '-1', '1.5', '1e400', '-1e400', '9007199254740993', '1e21', '5e-324'],
    ...['""', '"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ufeff"', '"\\u202e"', '"__proto__"'],
    ...['[]', '{}', '[null]', '{"__proto__":{"type":"batch"}}', '{"toJSON":1,"length":-1}', '{"constructor":null}'],
    ...['"1969-12-31T23:59:59Z"', '"9999-12-31T23:59:59Z"', '"2026-02-30T00:00:00Z"', '"system"', '"batch"'],
  ),
  fc.integer({ min: 1, max: 4_000 }).map((depth) => '['.repeat(depth) + ']'.repeat(depth)),
  fc.integer({ min: 1, max: 2_000 }).map((depth) => `${'{"a":'.repeat(depth)}0${'}'.repeat(depth)}`),
  fc.integer({ min: 1, max: 9_000 }).map((length) => JSON.stringify('é'.repeat(length))),
  fc.integer({ min: 1, max: 3_000 }).map((length) => `[${'0.5,'.repeat(length)}0]`),
  fc.jsonValue().map((value) => JSON.stringify(value)),
  fc.string({ unit: 'binary' }).map((text) => JSON.stringify(text)),
);

/** A valid command of any kind in one of a few chats, about members and messages that may be there. */
const validJson: fc.Arbitrary<Json> = fc
  .record({
    command: anyCommand,
    chat_id: fc.constantFrom(...chats),
    sender_id: users,
    client_message_id: fc.oneof({ weight: 3, arbitrary: fc.uuid() }, { weight: 1, arbitrary: someId }),
    seq: someSeq,
    user_id: users,
  })
  .map(({ command, seq, user_id, ...identity }) => {
    const json: Json = JSON.parse(encodeCommand(command).toString());
    if ('seq' in json) json.seq = seq;
    if ('seqs' in json) json.seqs = [seq];
    if ('user_id' in json) json.user_id = user_id;
    if ('recipient_id' in json) delete json.recipient_id; // only a direct chat's
    return { ...json, ...identity };
  });

/** In a batch every command names its type. */
const typed = (json: Json): Json => ({ type: 'message.post', ...json, body: json.type ? json.body : json.body || 'x' });

const batchJson = (one: fc.Arbitrary<Json>, maxLength = 6): fc.Arbitrary<Json> =>
  fc.tuple(fc.constantFrom(...chats), fc.array(one, { minLength: 1, maxLength })).map(([chat_id, commands]) => ({
    type: 'batch',
    chat_id,
    commands: commands.map((json) => ({ ...typed(json), chat_id })),
  }));

const someJson = fc.oneof({ weight: 4, arbitrary: validJson }, { weight: 1, arbitrary: batchJson(validJson) });

const mark = '\u{1}here\u{1}';

type Mutation = {
  readonly where: number;
  readonly how: 'replace' | 'remove' | 'add' | 'twice' | 'wrap';
  value: string;
};
const mutation: fc.Arbitrary<Mutation> = fc.record({
  where: fc.nat(),
  how: fc.constantFrom('replace', 'replace', 'replace', 'remove', 'add', 'twice', 'wrap'),
  value: nasty,
});

/** Every place of a value in a tree: whose it is, and its name there. */
const placesIn = (value: unknown): [Json, string][] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, inner]) => [[value as Json, name] as [Json, string], ...placesIn(inner)])
    : [];

/** One change at one place of the tree. As text, because a tree cannot hold what JSON can: keys twice, `__proto__`, 1e400. */
const mutated = (json: Json, { where, how, value }: Mutation): string => {
  const tree: Json = structuredClone(json);
  const places = placesIn(tree);
  const [owner, name] = places[where % places.length]!;
  const marked = JSON.stringify(mark);
  if (how === 'remove') {
    delete owner[name];
    return JSON.stringify(tree);
  }
  if (how === 'add' || how === 'twice') {
    const key = how === 'twice' ? name : ['__proto__', 'constructor', 'toJSON', 'extra', '', 'then'][where % 6];
    return JSON.stringify(tree).replace('{', () => `{${JSON.stringify(key)}:${value},`);
  }
  const before = JSON.stringify(owner[name]) ?? 'null';
  owner[name] = mark;
  return JSON.stringify(tree).replace(marked, () => (how === 'wrap' ? `[${before}]` : value));
};

/** Bytes changed, cut, doubled: what is no JSON any more, or no UTF-8. */
const broken = fc
  .tuple(someJson, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 4 }), fc.constantFrom('cut', 'set', 'insert'))
  .map(([json, where, bytes, how]) => {
    const body = Buffer.from(JSON.stringify(json));
    const at = where % body.length;
    if (how === 'cut') return body.subarray(0, at);
    return Buffer.concat([body.subarray(0, at), bytes, body.subarray(how === 'set' ? at + bytes.length : at)]);
  });

const garbage = fc.oneof(
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  nasty.map((text) => Buffer.from(text)),
  fc.constantFrom(0, 1, maxCommandBytes, maxCommandBytes + 1).map((length) => Buffer.alloc(length, ' ')),
  fc.constantFrom(0, 1).map((over) => Buffer.from(`"${'x'.repeat(maxCommandBytes - 2 + over)}"`)),
);

const routed = (body: Buffer, route: string | undefined, isValid: boolean): SentBody => ({
  body,
  route: route ?? chats[body.length % chats.length]!,
  isValid,
});

/** By the chat that it names, or astray: then it is forwarded home. Never a creation, whose route is what makes the home; never a batch,
 *  whose first commands may be answered where it went astray, before another creates the chat, and again at home. */
const withRoute = (body: fc.Arbitrary<Buffer>, isValid = false): fc.Arbitrary<SentBody> =>
  fc.tuple(body, fc.boolean()).map(([bytes, astray]) => {
    const text = bytes.toString('latin1');
    const named = /"chat_id":"([\w-]{1,64})"/.exec(text)?.[1];
    return routed(bytes, astray && !/chat\.create|batch/.test(text) ? undefined : named, isValid);
  });

const anyBody: fc.Arbitrary<SentBody> = fc.oneof(
  {
    weight: 4,
    arbitrary: withRoute(
      validJson.map((json) => Buffer.from(JSON.stringify(json))),
      true,
    ),
  },
  {
    weight: 1,
    arbitrary: withRoute(
      batchJson(validJson).map((json) => Buffer.from(JSON.stringify(json))),
      true,
    ),
  },
  {
    weight: 8,
    arbitrary: withRoute(fc.tuple(someJson, mutation).map(([json, one]) => Buffer.from(mutated(json, one)))),
  },
  { weight: 2, arbitrary: withRoute(broken) },
  { weight: 1, arbitrary: withRoute(garbage) },
);

/** The first comes twice. */
export const someBodies = fc
  .array(anyBody, { minLength: 1, maxLength: 100, size: 'max' })
  .map((bodies) => [...bodies, bodies[0]!]);
