import { hash } from 'node:crypto';
import { chatIdAt, type Load } from '../../bench/load.ts';
import type { Findings } from './findings.ts';
import { chatNumber, clientIdOf, commandAt, itemAt, itemsOfChat } from './items.ts';

type Event = {
  readonly type: string;
  readonly chat_id: string;
  readonly sender_id: number;
  readonly client_message_id: string;
  readonly rev: number;
  readonly seq?: number;
  readonly body?: string;
};

type Chat = { lastRev: number; readonly digests: Map<number, string>; readonly clientIds: Set<string> };

/** What was sent, as far as the checker must know it. */
export type Sent = { readonly made: number; readonly sentAtMs: readonly number[] };

/** Reads events as a consumer should: it takes one only when its rev is the last one it took of that chat + 1. What it takes must be what was
 *  sent, in order; whatever comes again must be the same bytes. One pass, constant work per event. */
export class EventChecker {
  taken = 0;
  repeats = 0;
  /** Came before its turn, and is not taken: it must come again. */
  early = 0;
  /** From the first time a command was sent to its event. */
  slowestMs = 0;
  #slowestLatelyMs = 0;
  /** In gaps mode: entries whose event never came. */
  unannounced = 0;
  readonly #load: Load;
  readonly #sent: Sent;
  readonly #findings: Findings;
  readonly #mayHaveGaps: boolean;
  readonly #chats: Chat[];

  constructor(load: Load, sent: Sent, findings: Findings, mayHaveGaps: boolean) {
    this.#load = load;
    this.#sent = sent;
    this.#findings = findings;
    this.#mayHaveGaps = mayHaveGaps;
    this.#chats = Array.from({ length: load.chats }, () => ({ lastRev: 0, digests: new Map(), clientIds: new Set() }));
  }

  event(text: string): void {
    const event: Event = JSON.parse(text);
    const number = chatNumber(this.#load, event.chat_id);
    if (number === undefined || (event.type !== 'chat.created' && event.type !== 'message.posted'))
      return void this.#findings.add('unexpected', `event ${text.slice(0, 300)}`);
    const chat = this.#chats[number]!;
    const digest = hash('sha1', text, 'base64');
    const known = chat.digests.get(event.rev);
    if (known === undefined) {
      chat.digests.set(event.rev, digest);
      this.#compare(event, chat, itemAt(this.#load, number, event.rev));
    } else if (known !== digest)
      this.#findings.add('doubled', `${event.chat_id}/${event.rev} came again with other bytes`);
    if (event.rev <= chat.lastRev) this.repeats++;
    else if (event.rev === chat.lastRev + 1 || this.#mayHaveGaps) this.#take(event, number, chat);
    else this.early++;
  }

  /** The slowest since this was asked last. */
  takeSlowestMs(): number {
    const slowestMs = this.#slowestLatelyMs;
    this.#slowestLatelyMs = 0;
    return slowestMs;
  }

  /** Whether every chat has had an event of a command that was made after `item`. */
  hasReached(item: number): boolean {
    const { chats } = this.#load;
    return this.#chats.every(({ lastRev }, chat) => lastRev > Math.ceil((item - chat) / chats));
  }

  /** Once nothing more will come. */
  finish(): void {
    this.#chats.forEach(({ lastRev }, number) => {
      const missing = itemsOfChat(this.#load, this.#sent.made, number) - lastRev;
      for (let n = 1; n <= missing; n++)
        this.#findings.add('lost', `event ${chatIdAt(this.#load, number)}/${lastRev + n}`);
    });
  }

  #take(event: Event, number: number, chat: Chat): void {
    this.unannounced += event.rev - chat.lastRev - 1;
    this.taken += event.rev - chat.lastRev;
    chat.lastRev = event.rev;
    const sentAtMs = this.#sent.sentAtMs[itemAt(this.#load, number, event.rev)];
    if (sentAtMs === undefined) return;
    const tookMs = performance.now() - sentAtMs;
    this.slowestMs = Math.max(this.slowestMs, tookMs);
    this.#slowestLatelyMs = Math.max(this.#slowestLatelyMs, tookMs);
  }

  #compare(event: Event, chat: Chat, item: number): void {
    const id = `event ${event.chat_id}/${event.rev}`;
    if (item >= this.#sent.made) return void this.#findings.add('unexpected', `${id}: so much was never sent`);
    const clientId = event.client_message_id;
    if (chat.clientIds.has(clientId)) return void this.#findings.add('doubled', `${id} is ${clientId}, a second time`);
    chat.clientIds.add(clientId);
    const due = clientIdOf(this.#load, item);
    if (clientId !== due) return void this.#findings.add('reordered', `${id} is ${clientId}, ${due} was due`);
    if (event.type === 'chat.created') return;
    if (event.seq !== event.rev - 1) this.#findings.add('reordered', `${id} has seq ${event.seq}`);
    const sent = commandAt(this.#load, item) as { body: string; sender_id: number };
    if (event.body !== sent.body || event.sender_id !== sent.sender_id)
      this.#findings.add('unexpected', `${id} has another text or sender than was sent`);
  }
}
