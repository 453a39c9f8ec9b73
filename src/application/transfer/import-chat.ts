import type { Command } from '../../domain/chat/command.ts';
import type { Entry } from '../../domain/chat/entry.ts';
import type { Rejection } from '../../domain/chat/rejection.ts';
import { type ChatId, type Micros, micros } from '../../domain/ids.ts';
import { answerOf, type Decision, isEntry } from '../decision.ts';
import type { ChatStore } from '../ports/chat-store.ts';
import type { Tenure } from '../ports/ownership.ts';
import { decideCommand, defaultBucketLimits, type LogicalClock, recordEntries } from '../turn/decide-command.ts';
import { findAnswer, surelyNew } from '../turn/find-answer.ts';
import { noRateLimits } from '../turn/rate-limit.ts';
import { type HashKey, type ResidentChat, residentChat } from '../turn/resident-chat.ts';
import { loadTargets, loadTargetsOf } from '../turn/targets.ts';

/** Another history than the one that is there. */
export class ImportRefused extends Error {
  override readonly name = 'ImportRefused';
}

export type Imported =
  | { readonly kind: 'written' | 'present' }
  | { readonly kind: 'rejected'; readonly rejection: Rejection };

const entriesPerCommit = 64;

/** One chat of the target, as its only writer sees it. What is added is committed 64 at a time, in order. */
export class ImportChat {
  readonly #chat: ResidentChat;
  readonly #store: ChatStore;
  readonly #clock: LogicalClock;
  readonly #hashKey: HashKey;
  readonly #onCommit: (commit: Promise<void>, decisions: number) => void;
  #pending: Decision[] = [];
  /** Decided and not readable yet, in order. */
  #onTheirWay: Entry[] = [];
  #committed: Promise<void> = Promise.resolve();

  private constructor(
    chat: ResidentChat,
    store: ChatStore,
    clock: LogicalClock,
    hashKey: HashKey,
    onCommit: (commit: Promise<void>, decisions: number) => void,
  ) {
    this.#chat = chat;
    this.#store = store;
    this.#clock = clock;
    this.#hashKey = hashKey;
    this.#onCommit = onCommit;
  }

  /** `home`: the clock of the shard that a new chat is given to. */
  static async open(
    chatId: ChatId,
    store: ChatStore,
    clockOf: (home: Tenure['shard'] | undefined) => LogicalClock,
    hashKey: HashKey,
    onCommit: (commit: Promise<void>, decisions: number) => void,
  ): Promise<ImportChat> {
    let home = await store.home(chatId);
    home ??= await store.claimHome(chatId, clockOf(undefined).shard);
    const snapshot = await store.open(chatId);
    await store.confirmOwnership();
    return new ImportChat(
      residentChat(chatId, snapshot, hashKey, noRateLimits),
      store,
      clockOf(home),
      hashKey,
      onCommit,
    );
  }

  /** Rejects with ImportRefused when it does not follow what is there. */
  async entry(entry: Entry): Promise<Imported> {
    const next = this.#chat.state?.nextRev ?? 1;
    if (entry.rev > next) throw new ImportRefused(`entry ${entry.rev} comes where entry ${next} is due`);
    if (entry.rev < next) {
      await this.#refuseOther(entry, next - 1);
      return { kind: 'present' };
    }
    const targets = await loadTargetsOf(this.#chat, entry, this.#onTheirWay, this.#store);
    const hash = this.#hashKey(entry.senderId, entry.clientMessageId);
    const grounds = { at: entry.at, targets };
    this.#add(recordEntries(this.#chat, [entry], hash, grounds, this.#clock, defaultBucketLimits));
    return { kind: 'written' };
  }

  async command(command: Command, at: Micros): Promise<Imported> {
    const hash = this.#hashKey(command.senderId, command.clientMessageId);
    await this.#loadKeys();
    const known = surelyNew(this.#chat, hash)
      ? undefined
      : (this.#onTheirWay.find((entry) => isSame(entry, command)) ??
        (await findAnswer(this.#chat, command, hash, this.#store, at)));
    if (known !== undefined) {
      if (known.fingerprint === command.fingerprint) return { kind: 'present' };
      const reason = 'This client_message_id was used for another command of this sender.';
      return { kind: 'rejected', rejection: { code: 'IDEMPOTENCY_KEY_REUSED', reason } };
    }
    const targets = await loadTargets(this.#chat, command, this.#onTheirWay, this.#store);
    const grounds = { access: { effect: 'permit' } as const, at, targets };
    const decision = decideCommand(this.#chat, command, hash, grounds, this.#clock, defaultBucketLimits);
    if (decision === 'exists') return { kind: 'present' };
    if (decision.outcome.kind === 'rejected') return { kind: 'rejected', rejection: decision.outcome.rejected };
    this.#add(decision);
    return { kind: 'written' };
  }

  /** All of them, not only as many as a service remembers: the same file comes again from its very beginning. */
  async #loadKeys(): Promise<void> {
    const { keys, keysLoaded, id } = this.#chat;
    if (keysLoaded) return;
    const blocks = await this.#store.keyBlocks(id, keys.firstRev, micros(0), keys.firstRev);
    keys.prepend(blocks.map(({ blob }) => blob).reverse());
    this.#chat.keysLoaded = true;
  }

  /** Resolves when everything added is durable and readable. */
  flush(): Promise<void> {
    if (this.#pending.length > 0) this.#commit();
    return this.#committed;
  }

  #add(decision: Decision): void {
    this.#pending.push(decision);
    const answer = answerOf(decision);
    if (isEntry(answer)) this.#onTheirWay.push(answer);
    if (this.#pending.length >= entriesPerCommit) this.#commit();
  }

  #commit(): void {
    const decisions = this.#pending;
    this.#pending = [];
    const commit = this.#store.commit(decisions).then(() => {
      // Nobody is told: whoever reads the history finds it.
      this.#store.announced(decisions);
      this.#onTheirWay = this.#onTheirWay.slice(decisions.length);
    });
    this.#committed = Promise.all([this.#committed, commit]).then(() => {});
    this.#onCommit(commit, decisions.length);
  }

  /** The first and the last entry that are there must be the ones that come; in between it is taken for granted. */
  async #refuseOther(entry: Entry, last: number): Promise<void> {
    if (entry.rev !== 1 && entry.rev !== last) return;
    const position = { rev: entry.rev, seq: entry.type === 'message.posted' ? entry.seq : undefined };
    const there =
      this.#onTheirWay.find(({ rev }) => rev === entry.rev) ?? (await this.#store.entryAt(this.#chat.id, position));
    const same =
      there?.senderId === entry.senderId &&
      there.clientMessageId === entry.clientMessageId &&
      there.fingerprint === entry.fingerprint;
    if (!same) throw new ImportRefused(`another chat of this id is there: entry ${entry.rev} is not the same`);
  }
}

const isSame = (entry: Entry, { senderId, clientMessageId }: Command): boolean =>
  entry.senderId === senderId && entry.clientMessageId === clientMessageId;
