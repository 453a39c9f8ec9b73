export type PassLimits = {
  /** A pass of the event loop in which more messages are told is a busy one: a command is three, one to its shard, one to its chat and one to
   *  the policy. */
  readonly busyPass?: number;
  /** In passes of the event loop. */
  readonly longestGathering?: number;
};

/** How much is told to actors in a pass of the event loop: what comes in a busy one has company, and costs less together. */
export class Passes {
  readonly #busyPass: number;
  readonly #longestGathering: number;
  #pass = 0;
  #toldNow = 0;
  #toldBefore = 0;
  #counting = false;
  #gathering: { readonly wake: () => void; readonly since: number }[] = [];

  constructor({ busyPass = 96, longestGathering = 12 }: PassLimits) {
    this.#busyPass = busyPass;
    this.#longestGathering = longestGathering;
  }

  /** This one or the one before. */
  get busy(): boolean {
    return this.#toldNow > this.#busyPass || this.#toldBefore > this.#busyPass;
  }

  /** A message was told to an actor. */
  told(): void {
    this.#toldNow++;
    this.#count();
  }

  /** Calls `wake` once the busy passes are over, or when there have been `longestGathering` of them: in the order of the calls. */
  whenGathered(wake: () => void): void {
    this.#gathering.push({ wake, since: this.#pass });
    this.#count();
  }

  #count(): void {
    if (this.#counting) return;
    this.#counting = true;
    setImmediate(this.#passed);
  }

  readonly #passed = (): void => {
    this.#pass++;
    this.#toldBefore = this.#toldNow;
    this.#toldNow = 0;
    this.#wake();
    // Else the next message, whenever it comes, would still be held to come after a busy pass.
    this.#counting = this.#toldBefore > this.#busyPass || this.#gathering.length > 0;
    if (this.#counting) setImmediate(this.#passed);
  };

  #wake(): void {
    const calm = this.#toldBefore <= this.#busyPass;
    const left = calm ? [] : this.#gathering.filter(({ since }) => this.#pass - since < this.#longestGathering);
    const woken = this.#gathering.slice(0, this.#gathering.length - left.length);
    this.#gathering = left;
    for (const { wake } of woken) wake();
  }
}
