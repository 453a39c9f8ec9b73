import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { Decision, Placement } from '../../application/decision.ts';
import type { MessagePosted } from '../../domain/chat/entry.ts';

/** One JSON text of a decision; the largest real one, a chat of 10,000 members with the longest ids, takes 0.9 MB. */
export const maxDecisionBytes = 1024 * 1024;

/** A decision as the journal holds it: its JSON, as bytes, because what a text is put together from is forty strings that V8 would copy for as long
 *  as it waits (docs/performance.md). Throws a RangeError when it is too big: once journaled it would have to be replayed. */
export const journalJson = (decision: Decision): Buffer => {
  const json = Buffer.from(jsonOf(decision));
  if (json.byteLength > maxDecisionBytes) {
    throw new RangeError(`a decision of ${json.byteLength} bytes cannot be stored; the limit is ${maxDecisionBytes}`);
  }
  return json;
};

const jsonOf = (decision: Decision): string => {
  const { outcome } = decision;
  if (outcome.kind === 'accepted' && outcome.entries.length === 1) {
    const [entry] = outcome.entries;
    if (entry!.type === 'message.posted' && entry!.extras === null) {
      return plainPostText(decision, entry as MessagePosted, outcome.placement);
    }
  }
  return JSON.stringify(decision);
};

/** Most decisions, put together by hand out of few pieces: with the compression of the group a third less than JSON.stringify takes. A test holds it
 *  to that. Chat ids need no escapes. */
const plainPostText = (
  { v, chatId, shard, epoch, n }: Decision,
  {
    rev,
    senderId,
    clientMessageId,
    fingerprint,
    sentAt,
    at,
    recipients,
    seq,
    body,
    recipientId,
    receipt,
  }: MessagePosted,
  placement: Placement,
): string =>
  `{"v":${v},"chatId":"${chatId}","shard":${shard},"epoch":${epoch},"n":${n},"outcome":{"kind":"accepted","entries":[{` +
  `"type":"message.posted","chatId":"${chatId}","rev":${rev},"senderId":${text(senderId)},` +
  `"clientMessageId":${text(clientMessageId)},"fingerprint":${text(fingerprint)},"sentAt":${text(sentAt)},"at":${at},` +
  `"recipients":${sharedText(recipients)},"seq":${seq},"body":${text(body)},"recipientId":${text(recipientId)},` +
  `"extras":null${receipt === undefined ? '' : `,"receipt":${sharedText(receipt)}`}}],"placement":${placementText(placement)}}}`;

const placementText = (placement: Placement): string => {
  const { bucket, nextSeq, nextRev, activeAt, opens, keys, targets, large, dropsFrom } = placement;
  const isPlain =
    activeAt === null && opens === null && keys === null && targets === null && !large && dropsFrom === null;
  if (!isPlain) return JSON.stringify(placement);
  return `{"bucket":${bucket},"nextSeq":${nextSeq},"nextRev":${nextRev},"activeAt":null,"opens":null,"keys":null,"targets":null,"large":false,"dropsFrom":null}`;
};

const text = JSON.stringify as (value: string | null) => string;

const sharedTexts = new WeakMap<object, string>();

/** Of what many posts of a chat have in common: its recipients, its receipt. */
const sharedText = (value: object | null): string => {
  if (value === null) return 'null';
  let known = sharedTexts.get(value);
  if (known === undefined) {
    known = JSON.stringify(value);
    sharedTexts.set(value, known);
  }
  return known;
};

const level1 = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** To begin to compress takes 25 µs, as long as to compress ten decisions: a group of one or two is only put into a frame. */
const smallestCompressed = 2_048;

/** Compressed in place: 200 decisions take 0.2 ms, less than the detour through the thread pool. */
export const encodeGroup = (decisions: readonly Buffer[]): Buffer => {
  const list = decisions.flatMap((decision, index) => (index === 0 ? [decision] : [comma, decision]));
  const json = Buffer.concat([opening, ...list, closing]);
  const bytes = json.byteLength;
  return bytes < smallestCompressed && bytes >= 256 ? stored(json) : zstdCompressSync(json, level1);
};

const [opening, comma, closing] = ['[', ',', ']'].map((text) => Buffer.from(text)) as [Buffer, Buffer, Buffer];

/** A frame of zstd whose one block is not compressed (RFC 8878, 3.1.1): whoever reads the others reads it, too. 256 to 65,791 bytes. */
const stored = (json: Buffer): Buffer => {
  const bytes = json.byteLength;
  const frame = Buffer.allocUnsafe(10 + bytes);
  frame.writeUInt32LE(0xfd2fb528, 0);
  frame.writeUInt8(0x60, 4); // one segment, its size in two bytes
  frame.writeUInt16LE(bytes - 256, 5);
  frame.writeUIntLE((bytes << 3) | 1, 7, 3); // the last block, raw
  frame.set(json, 10);
  return frame;
};

/** The journal holds what this version cannot read: whoever cannot read it must neither fence its session nor take its shards. */
export class UnreadableJournal extends Error {
  override readonly name = 'UnreadableJournal';
}

export const decodeGroup = (payload: Buffer): Decision[] => {
  let decisions: Decision[];
  try {
    decisions = JSON.parse(zstdDecompressSync(payload).toString());
  } catch (error) {
    throw new UnreadableJournal('a group of the journal is not readable', { cause: error });
  }
  const stranger = decisions.find(({ v }) => v !== 1);
  if (stranger !== undefined)
    throw new UnreadableJournal(`a decision of version ${stranger.v}; this process reads version 1`);
  return decisions;
};
