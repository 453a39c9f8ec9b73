import { answerOf, type Decision } from '../../src/application/decision.ts';
import type { EventLane } from '../../src/application/ports/event-publisher.ts';
import type { Session, ShardView, Tenure } from '../../src/application/ports/ownership.ts';
import { noTelemetry, type Telemetry } from '../../src/application/ports/telemetry.ts';
import { noTracer } from '../../src/application/ports/tracer.ts';
import { noRateLimits } from '../../src/application/turn/rate-limit.ts';
import { type ShardNumber, shardNumber } from '../../src/domain/ids.ts';
import { RejectionMemory } from '../chat/answer-memory.ts';
import { ShardActor } from './shard.actor.ts';
import type { CellDeps } from './shard.protocol.ts';

type Held = { readonly tenure: Tenure; readonly actor: ShardActor };

/** The shards of one session: takes its share, gives surplus back, and drops everything when the session is lost. */
export class ShardKeeper {
  readonly #deps: CellDeps;
  readonly #session: Session;
  readonly #telemetry: Telemetry;
  readonly #held = new Map<ShardNumber, Held>();
  readonly #busy = new Set<ShardNumber>();
  /** Lanes of shards that are being taken. */
  readonly #announcing = new Set<EventLane>();
  #givingBack = false;
  #ended = false;

  constructor(deps: CellDeps, session: Session) {
    this.#deps = deps;
    this.#session = session;
    this.#telemetry = deps.telemetry ?? noTelemetry;
  }

  get heldShards(): ShardNumber[] {
    return [...this.#held.keys()].sort((a, b) => a - b);
  }
  get residentChats(): number {
    return [...this.#held.values()].reduce((sum, { actor }) => sum + actor.residentChats, 0);
  }

  get waiting(): number {
    return [...this.#held.values()].reduce((sum, { actor }) => sum + actor.waiting, 0);
  }

  /** One look at the cell: begins to take what is free up to an even share, and to hand one shard back when it has more than that.
   *  Waits for neither: one shard whose replay cannot be finished must not keep the others from being looked at. */
  async balance(): Promise<void> {
    const { shards, liveInstances } = await this.#session.view();
    const share = Math.ceil(shards.length / liveInstances);
    const wanted = fromAnywhere(shards)
      .filter(({ shard, owner }) => owner !== 'living' && !this.#held.has(shard) && !this.#busy.has(shard))
      .sort((a, b) => rank[a.owner] - rank[b.owner]);
    for (const { shard, owner } of wanted) {
      if (owner !== 'mine' && this.#held.size + this.#busy.size >= share) continue;
      void this.#take(shard);
    }
    if (this.#held.size > share && !this.#givingBack) void this.#giveBack(this.heldShards.at(-1)!, share);
  }

  passivate(): void {
    for (const { actor } of this.#held.values()) actor.passivate();
  }

  /** Drains and releases everything; what cannot be finished in time stays in the journal for the next owner. */
  async drain(timeoutMs: number): Promise<void> {
    this.#endTakes();
    await Promise.all(
      [...this.#held.values()].map(async ({ tenure, actor }) => {
        if (await actor.drain(timeoutMs)) await this.#session.release(tenure);
        else await actor.abandon();
      }),
    );
    this.#held.clear();
  }

  /** The session is lost: nothing more goes out, every delivery goes back. */
  async abandon(): Promise<void> {
    this.#endTakes();
    await Promise.all([...this.#held.values()].map(({ actor }) => actor.abandon()));
    this.#held.clear();
  }

  #endTakes(): void {
    this.#ended = true;
    for (const lane of this.#announcing) lane.close();
    this.#announcing.clear();
  }

  async #take(shard: ShardNumber): Promise<void> {
    const { publisher, logger, consumer, clock } = this.#deps;
    const telemetry = this.#telemetry;
    const beganMs = clock.monotonicMs();
    this.#busy.add(shard);
    let lane: EventLane | undefined;
    const rejections = new RejectionMemory();
    try {
      const tenure = await this.#session.take(shard, async (undone) => {
        lane ??= publisher.lane(shard);
        this.#announcing.add(lane);
        if (this.#ended) lane.close();
        await announceAgain(lane, undone);
        telemetry.add('replayed', undone.length);
        for (const { outcome } of undone) if (outcome.kind === 'rejected') rejections.remember(outcome.rejected);
      });
      if (tenure === undefined || this.#ended) return lane?.close();
      if (lane !== undefined) this.#announcing.delete(lane);
      const actor = new ShardActor(
        {
          ...this.#deps,
          store: this.#session.store,
          rates: this.#deps.rates ?? noRateLimits,
          telemetry,
          tracer: this.#deps.tracer ?? noTracer,
          lane: lane ?? publisher.lane(shard),
          logical: { shard: shardNumber(shard), epoch: tenure.epoch, n: 0 },
          rejections,
        },
        this.#deps.residency,
      );
      this.#held.set(shard, { tenure, actor });
      await actor.start(consumer).catch(async (error) => {
        // Nothing of it is undone. Free, it is taken again at the next look, by whoever can consume it.
        this.#held.delete(shard);
        await actor.abandon();
        await this.#session.release(tenure);
        throw error;
      });
      telemetry.add('shardMoves', 1, { move: 'taken' });
      telemetry.record('takeDuration', (clock.monotonicMs() - beganMs) / 1000);
      logger.debug({ shard, epoch: tenure.epoch }, 'shard taken');
    } catch (error) {
      lane?.close();
      if (!this.#ended) logger.warn({ err: error, shard }, 'a shard could not be taken; trying again');
    } finally {
      this.#busy.delete(shard);
    }
  }

  async #giveBack(shard: ShardNumber, share: number): Promise<void> {
    const { tenure, actor } = this.#held.get(shard)!;
    this.#givingBack = true;
    try {
      if (!(await actor.drain(drainTimeoutMs))) {
        // Something of it is undone: no release. The lost session's journal tells the next owner.
        if (this.#ended) return;
        this.#telemetry.add('shardMoves', 1, { move: 'not drained' });
        this.#deps.logger.error({ shard }, 'a shard could not be drained in time; the session ends');
        await this.#session.end();
        return;
      }
      this.#held.delete(shard);
      // Until it is free its row still names this session, which must not take it back.
      this.#busy.add(shard);
      await this.#session.release(tenure).finally(() => this.#busy.delete(shard));
      this.#telemetry.add('shardMoves', 1, { move: 'handed back' });
      this.#deps.logger.info({ shard, held: this.#held.size, share }, 'shard handed back');
    } catch (error) {
      this.#deps.logger.warn({ err: error, shard }, 'a shard could not be handed back; trying again');
    } finally {
      this.#givingBack = false;
    }
  }
}

const drainTimeoutMs = 10_000;
const rank = { mine: 0, nobody: 1, gone: 2, living: 3 } as const;

/** In their order, from a random one on: instances that look at the same time should not all try the same. */
const fromAnywhere = (shards: readonly ShardView[]): readonly ShardView[] => {
  const start = Math.floor(Math.random() * shards.length);
  return [...shards.slice(start), ...shards.slice(0, start)];
};

/** Every event of an owner that is gone, once more, in its order; resolves when all are confirmed. */
const announceAgain = (lane: EventLane, undone: readonly Decision[]): Promise<void> =>
  new Promise((resolve) => {
    if (undone.length === 0) return resolve();
    for (const [index, decision] of undone.entries()) {
      lane.publish(
        { answer: answerOf(decision), replayed: true, traceparent: undefined, replyTo: undefined },
        index === undone.length - 1 ? resolve : () => {},
      );
    }
  });
