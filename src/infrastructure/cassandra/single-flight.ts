type Flight = { running: Promise<unknown>; next: Promise<unknown> | undefined };

/** Identical reads share one query. A read never joins one that has begun before it, which might miss what happened meanwhile: all
 *  that come while one is running share the next. */
export class SingleFlight {
  readonly #flights = new Map<string, Flight>();
  #joined = 0;

  /** Reads that needed no query of their own, so far. */
  get joined(): number {
    return this.#joined;
  }

  run<T>(key: string, read: () => Promise<T>): Promise<T> {
    const flight = this.#flights.get(key);
    if (flight === undefined) return this.#start(key, read);
    if (flight.next !== undefined) this.#joined++;
    flight.next ??= flight.running.then(
      () => this.#start(key, read),
      () => this.#start(key, read),
    );
    return flight.next as Promise<T>;
  }

  #start<T>(key: string, read: () => Promise<T>): Promise<T> {
    const flight: Flight = { running: read(), next: undefined };
    this.#flights.set(key, flight);
    const landed = () => {
      if (flight.next === undefined && this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    flight.running.then(landed, landed);
    return flight.running as Promise<T>;
  }
}
