import { isEntry } from '../../src/application/decision.ts';
import { SessionLost } from '../../src/application/ports/chat-store.ts';
import type { Delivery } from '../../src/application/ports/command-consumer.ts';
import type { ResidentChat } from '../../src/application/turn/resident-chat.ts';
import { changesAccess, targetsOf } from '../../src/domain/chat/command.ts';
import type { ChatId } from '../../src/domain/ids.ts';
import { BatchActor, type BatchHandler } from '../kit/batch-actor.ts';
import { commandKey } from './answer-memory.ts';
import { maxCrashes, maxTurn, type ShardContext } from './chat.protocol.ts';
import { HomeFinder } from './home-finder.ts';
import { Outbox, type Step } from './outbox.ts';
import { takeTurn } from './turn.ts';

/** One chat's single writer. Its handler awaits reads and the policy, never a write: what was decided is on its way out while the
 *  next turn is being taken. */
export class ChatActor implements BatchHandler<Delivery> {
  /** A turn costs as much as a command. */
  readonly gathers = true;
  readonly #context: ShardContext;
  readonly #home: HomeFinder;
  readonly #actor: BatchActor<Delivery>;
  /** None while the chat rests. */
  #outbox: Outbox | undefined;
  #chat: ResidentChat | undefined;
  /** After a crash this many deliveries are taken one by one, to find the one to blame. */
  #singly = 0;
  /** None while nothing crashes. */
  #crashes: Map<string, number> | undefined;
  lastActiveMs: number;

  constructor(id: ChatId, context: ShardContext) {
    this.#context = context;
    this.lastActiveMs = context.clock.monotonicMs();
    this.#home = new HomeFinder(id, context);
    this.#actor = new BatchActor<Delivery>(context.system, 'chat', this);
  }

  tell(delivery: Delivery): void {
    this.lastActiveMs = this.#context.clock.monotonicMs();
    this.#actor.tell(delivery);
  }

  /** Deliveries in the mailbox. */
  get waiting(): number {
    return this.#actor.waiting;
  }

  /** Nothing waits, nothing is being decided, nothing is on its way out: it may be passivated. */
  get settled(): boolean {
    return !this.#actor.busy && this.#actor.waiting === 0 && (this.#outbox?.empty ?? true);
  }

  /** Keeps what the next command would have to read, and gives back the rest. Nothing unless settled. */
  rest(): void {
    if (!this.settled) return;
    this.#outbox = undefined;
    this.#actor.rest();
  }

  stop(): void {
    this.#actor.stop();
  }

  get maxBatch(): number {
    return maxTurn;
  }

  /** Every lost channel leaves up to a prefetch of them behind, and what they were comes again. */
  isDead(delivery: Delivery): boolean {
    return !delivery.live;
  }

  async handle(batch: readonly Delivery[]): Promise<number> {
    this.#outbox ??= new Outbox(this.#context, (step) => this.#announced(step));
    const outbox = this.#outbox;
    const limit = this.#singly > 0 ? 1 : batch.length;
    const turn: Delivery[] = [];
    let handled = 0;
    while (handled < limit) {
      const delivery = batch[handled]!;
      // About a message that this turn may post: it is decided when that is.
      if (turn.length > 0 && this.#isAboutNext(delivery)) break;
      handled++;
      if (delivery.live && !outbox.adopt(delivery)) turn.push(delivery);
      if (changesAccess(delivery.command)) break;
    }
    if (turn.length > 0) await this.#take(turn, outbox);
    if (this.#singly > 0 && --this.#singly === 0) this.#crashes = undefined;
    return handled;
  }

  #isAboutNext({ command }: Delivery): boolean {
    const targets = targetsOf(command);
    return targets.length > 0 && targets.some((seq) => seq >= (this.#chat?.state?.nextSeq ?? 1));
  }

  async #take(turn: readonly Delivery[], outbox: Outbox): Promise<void> {
    if (this.#chat?.state === undefined) {
      // Nothing of the chat may be on its way: the store would not show an entry yet, and a forward could overtake a rejection
      // that comes again when the session is lost.
      await outbox.whenEmpty();
      this.#chat = await this.#home.open(turn);
    }
    const chat = this.#chat;
    if (chat === undefined) return;
    const { clock, telemetry } = this.#context;
    const beganMs = clock.monotonicMs();
    const { steps, decisions } = await takeTurn(chat, turn, outbox.undone, this.#context);
    const decidedMs = clock.monotonicMs();
    telemetry.record('turnCommands', turn.length);
    telemetry.record('turnDuration', (decidedMs - beganMs) / 1000);
    for (const { receivedMs } of turn) telemetry.record('waited', (beganMs - receivedMs) / 1000);
    // Given up meanwhile: the shard may be somebody else's by now.
    this.#context.signal.throwIfAborted();
    const durable =
      decisions.length > 0
        ? this.#context.store.commit(decisions)
        : chat.confirmed
          ? undefined
          : this.#context.store.confirmOwnership();
    outbox.push(steps);
    if (durable === undefined) return outbox.ready(steps);
    durable.then(() => {
      chat.confirmed = true;
      this.#traceStages(steps, beganMs, decidedMs);
      outbox.ready(steps);
    }, ignoreSessionLost);
    // At the very end: a turn that crashes may still dead-letter them.
    for (const delivery of turn) delivery.decided?.();
  }

  #traceStages(steps: readonly Step[], beganMs: number, decidedMs: number): void {
    const durableMs = this.#context.clock.monotonicMs();
    this.#context.telemetry.record('commitDuration', (durableMs - decidedMs) / 1000);
    for (const { trace, delivery } of steps) {
      trace?.stage('wait', delivery.receivedMs, beganMs);
      trace?.stage('turn', beganMs, decidedMs);
      trace?.stage('store', decidedMs, durableMs);
    }
  }

  #announced(step: Step): void {
    const { answer, decision, delivery } = step;
    if (decision !== undefined) {
      if (!isEntry(answer)) this.#context.rejections.remember(answer);
      this.#context.store.announced([decision]);
    }
    delivery.ack();
    this.#report(step);
  }

  #report({ type, answer, decision, delivery, publishedMs, trace }: Step): void {
    const { clock, telemetry } = this.#context;
    const nowMs = clock.monotonicMs();
    const outcome = decision === undefined ? 'repeated' : isEntry(answer) ? 'accepted' : 'rejected';
    telemetry.record('confirmDuration', (nowMs - publishedMs) / 1000);
    telemetry.record('lag', (nowMs - delivery.receivedMs) / 1000);
    telemetry.add('settled', 1, { outcome, type });
    if (!isEntry(answer)) telemetry.add('rejected', 1, { code: answer.code });
    trace?.stage('publish', publishedMs, nowMs);
    trace?.end(outcome, nowMs);
  }

  /** The chat is read anew once nothing of it is on its way. A command that crashes it for the third time is dead-lettered. */
  async crashed(error: unknown, batch: readonly Delivery[]): Promise<number> {
    const { logger, signal, clock } = this.#context;
    // The shard is being given up: its channel hands every delivery back.
    if (error instanceof SessionLost || signal.aborted) return batch.length;
    this.#chat = undefined;
    this.#context.telemetry.add('crashes', 1);
    if (this.#singly === 0) {
      this.#singly = batch.length;
      logger.error({ err: error }, 'a turn crashed; its commands are taken one by one');
      return 0;
    }
    const blamed = batch[0]!;
    const key = commandKey(blamed.command);
    this.#crashes ??= new Map();
    const crashes = (this.#crashes.get(key) ?? 0) + 1;
    this.#crashes.set(key, crashes);
    logger.error({ err: error, crashes }, 'a command crashed its chat actor');
    if (crashes < maxCrashes) {
      await clock.sleep(100 * crashes, signal).catch(() => {});
      return 0;
    }
    this.#crashes.delete(key);
    this.#singly--;
    await blamed.deadLetter(
      `crashed the service ${maxCrashes} times: ${error instanceof Error ? error.message : String(error)}`,
    );
    return 1;
  }
}

/** The shard learns of a lost session by itself and hands every delivery back. */
const ignoreSessionLost = (error: unknown): void => {
  if (!(error instanceof SessionLost)) throw error;
};
