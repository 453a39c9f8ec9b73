import type { ChatId } from '../../domain/ids.ts';
import type { PersonalStore } from '../ports/personal-store.ts';
import type { LogicalClock } from '../turn/decide-command.ts';
import type { HashKey } from '../turn/resident-chat.ts';
import type { WholeStore } from './hold-all-shards.ts';
import { ImportChat, type Imported, ImportRefused } from './import-chat.ts';
import { emptyReport, type ImportReport } from './import-report.ts';
import type { TransferLine } from './transfer-line.ts';

export type ImportDeps = {
  readonly whole: WholeStore;
  readonly personal: PersonalStore;
  readonly hashKey: HashKey;
  /** Where a chat's commands will probably arrive; another shard costs them a hop each. */
  readonly suggestShard: (chatId: ChatId, shardCount: number) => number;
};

/** Decisions that are written at the same time, over all chats. */
const maxInFlight = 2_048;
/** Chats that are kept open: those of another system's history come mixed. */
const maxOpen = 500;

/** Writes a history into a store that nobody serves meanwhile. Line by line, so memory does not grow with it; again from the start after
 *  a break: what is there is left as it is. No events go out. */
export class ChatImport {
  readonly report: ImportReport = emptyReport();
  readonly #deps: ImportDeps;
  readonly #clocks: readonly LogicalClock[];
  /** The least recently used first. */
  readonly #open = new Map<ChatId, ImportChat>();
  readonly #seen = new Set<ChatId>();
  readonly #refused = new Set<ChatId>();
  #inFlight = 0;
  #failure: unknown;
  #landed: (() => void) | undefined;

  constructor(deps: ImportDeps) {
    this.#deps = deps;
    this.#clocks = deps.whole.tenures.map(({ shard, epoch }) => ({ shard, epoch, n: 0 }));
  }

  /** Resolves when the next line may come. Rejects when the store cannot be written any more. */
  async take(line: TransferLine, lineNumber: number): Promise<void> {
    const { personal } = this.#deps;
    switch (line.kind) {
      case 'entry':
        return this.#add(line.entry.chatId, lineNumber, (chat) => chat.entry(line.entry));
      case 'command':
        return this.#add(line.command.chatId, lineNumber, (chat) => chat.command(line.command, line.at));
      case 'read': {
        const { chatId, userId, marker } = line;
        if (this.#refused.has(chatId)) return;
        if (marker.readSeq > 0) await personal.markRead(chatId, userId, marker.readSeq as never);
        if (marker.unreadFrom !== null) await personal.markUnread(chatId, userId, marker.unreadFrom);
        return;
      }
      case 'profile':
        return personal.putProfile(line.profile);
      case 'done':
        if (!line.complete) this.report.incomplete.push(line.chatId);
        // Not waited for: the next chat begins while this one is being written. What fails is seen by #track.
        this.#open
          .get(line.chatId)
          ?.flush()
          .catch(() => {});
        return;
    }
  }

  /** Resolves when everything is durable and readable. */
  async end(): Promise<ImportReport> {
    for (const id of [...this.#open.keys()]) await this.#close(id);
    return this.report;
  }

  async #add(id: ChatId, line: number, add: (chat: ImportChat) => Promise<Imported>): Promise<void> {
    if (this.#refused.has(id)) return;
    try {
      this.#count(await add(await this.#chat(id)), line);
    } catch (error) {
      if (!(error instanceof ImportRefused)) throw error;
      this.#refused.add(id);
      this.report.refused.push({ line, chatId: id, reason: error.message });
    }
    while (this.#inFlight >= maxInFlight && this.#failure === undefined)
      await new Promise<void>((resolve) => {
        this.#landed = resolve;
      });
    if (this.#failure !== undefined) throw this.#failure;
  }

  #count(imported: Imported, line: number): void {
    if (imported.kind !== 'rejected') this.report[imported.kind]++;
    else this.report.rejected.push({ line, code: imported.rejection.code, reason: imported.rejection.reason });
  }

  async #chat(id: ChatId): Promise<ImportChat> {
    let chat = this.#open.get(id);
    if (chat === undefined) {
      for (const oldest of this.#open.keys()) if (this.#open.size >= maxOpen) await this.#close(oldest);
      const { whole, hashKey, suggestShard } = this.#deps;
      const clockOf = (home = suggestShard(id, this.#clocks.length)) => this.#clocks[home]!;
      chat = await ImportChat.open(id, whole.session.store, clockOf, hashKey, (...commit) => this.#track(...commit));
      if (!this.#seen.has(id)) this.report.chats = this.#seen.add(id).size;
    }
    this.#open.delete(id);
    this.#open.set(id, chat);
    return chat;
  }

  async #close(id: ChatId): Promise<void> {
    const chat = this.#open.get(id);
    this.#open.delete(id);
    await chat?.flush();
  }

  #track(commit: Promise<void>, decisions: number): void {
    this.#inFlight += decisions;
    commit
      .catch((error) => {
        this.#failure ??= error;
      })
      .finally(() => {
        this.#inFlight -= decisions;
        this.#landed?.();
      });
  }
}
