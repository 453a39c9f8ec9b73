import type { Delivery } from '../../application/ports/command-consumer.ts';
import type { Command } from '../../domain/chat/command.ts';

/** Moves one command of a batch to the dead letters, alone; resolves false when the subscription ended first. */
export type BuryPart = (command: Command, reason: string) => Promise<boolean>;

/** The commands of one batch as deliveries of their own, in its order. The broker knows only the whole: it is acked when every part
 *  is settled, and forwarded once, by whichever part is forwarded first (what is settled already is a repeat there, and answered as
 *  one). Closing the subscription hands all of it back, the settled parts too. */
export const partsOf = (whole: Delivery, commands: readonly Command[], bury: BuryPart): readonly Delivery[] => {
  if (commands.length === 1) return [whole];
  const batch = { whole, bury, open: commands.length, forwarding: undefined };
  return commands.map((command) => new BatchPart(command, batch));
};

type Batch = {
  readonly whole: Delivery;
  readonly bury: BuryPart;
  open: number;
  forwarding: Promise<void> | undefined;
};

class BatchPart implements Delivery {
  readonly command: Command;
  readonly #batch: Batch;
  #settled = false;

  constructor(command: Command, batch: Batch) {
    this.command = command;
    this.#batch = batch;
  }

  get redelivered() {
    return this.#batch.whole.redelivered;
  }
  get live() {
    return this.#batch.whole.live;
  }
  get traceparent() {
    return this.#batch.whole.traceparent;
  }
  get receivedMs() {
    return this.#batch.whole.receivedMs;
  }
  get replyTo() {
    return this.#batch.whole.replyTo;
  }

  ack(): void {
    if (this.#claim()) this.#done();
  }

  async forward(...to: Parameters<Delivery['forward']>): Promise<void> {
    if (!this.#claim()) return;
    const batch = this.#batch;
    batch.forwarding ??= batch.whole.forward(...to);
    try {
      await batch.forwarding;
    } catch (error) {
      batch.forwarding = undefined;
      this.#settled = false; // nothing has happened to it
      throw error;
    }
  }

  async deadLetter(reason: string): Promise<void> {
    if (!this.live || !this.#claim()) return;
    try {
      if (await this.#batch.bury(this.command, reason)) this.#done();
    } catch (error) {
      this.#settled = false; // nothing has happened to it
      throw error;
    }
  }

  #claim(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    return true;
  }

  #done(): void {
    if (--this.#batch.open === 0) this.#batch.whole.ack();
  }
}
