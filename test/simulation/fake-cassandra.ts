import type cassandra from 'cassandra-driver';
import type { CassandraClient } from '../../src/infrastructure/cassandra/client.ts';
import { boundTo, parse, type Statement } from './cql.ts';
import type { Faults } from './faults.ts';
import type { Random } from './random.ts';
import { type Owner, type Scheduler, world } from './scheduler.ts';
import { type FakeRow, isLedger, partitionOf, Replica, repair, rowOf, select } from './tables.ts';
import type { Variant } from './variants.ts';

type Answer = { rows: FakeRow[]; first(): FakeRow | null; pageState: undefined };
type Bound = { readonly query: string; readonly params: readonly unknown[] };

/** Told of what the store really did, whether or not anybody heard of it. */
export type StoreWitness = {
  applied(query: string, params: readonly unknown[], owner: Owner): void;
  projected(table: string, values: ReadonlyMap<string, unknown>, replica: number): void;
};

const timeoutMs = { ledger: 1_000, data: 1_500 };

/** Three replicas behind the driver's `execute` and `batch`. Conditional statements are linearizable among themselves; a plain read
 *  may miss one of which nobody heard, until the next conditional statement on its partition has brought it to the end (as Paxos
 *  does). A projection reaches each replica at a time of its own, or not before the cluster heals; reads ask any two and repair
 *  nothing: so `cql/009` has it for the log, where a repair of what was read would tear what was written together; for the other tables it
 *  is harsher than the real one. */
export class FakeCassandra {
  readonly replicas = [new Replica(), new Replica(), new Replica()];
  /** What conditional statements see, and what plain reads see. */
  readonly ledger = new Replica();
  readonly #committed = new Replica();
  readonly #uncommitted = new Map<string, () => void>();
  readonly #scheduler: Scheduler;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #witness: StoreWitness;
  readonly #variant: Variant;
  #unwritten: (() => void)[] = [];
  #clock = 0n;

  constructor(scheduler: Scheduler, random: Random, faults: Faults, witness: StoreWitness, variant: Variant) {
    this.#scheduler = scheduler;
    this.#random = random;
    this.#faults = faults;
    this.#witness = witness;
    this.#variant = variant;
  }

  client(owner: Owner, kind: 'ledger' | 'data', wallMicros: () => number): CassandraClient {
    const stamp = this.#variant === 'wall-clock-timestamps' ? wallMicros : undefined;
    const client = {
      execute: (query: string, params: readonly unknown[]) => this.#request(owner, kind, [{ query, params }], stamp),
      batch: (statements: readonly Bound[]) => this.#request(owner, kind, statements, stamp),
    };
    return client as unknown as CassandraClient;
  }

  /** A client without faults that asks these replicas: what a reader would find. */
  reader(replicas: readonly number[]): CassandraClient {
    const asked = replicas.map((index) => this.replicas[index]!);
    const execute = async (query: string, params: readonly unknown[]) =>
      this.#select(isLedger(parse(query).table) ? [this.#committed] : asked, parse(query), params);
    return { execute } as unknown as CassandraClient;
  }

  /** Applies at once, as if it came from nowhere. */
  applyNow(query: string, params: readonly unknown[]): FakeRow {
    return this.#conditional(parse(query), query, params, world, true);
  }

  /** Everything that never reached its replica arrives. */
  heal(): void {
    for (const write of this.#unwritten.splice(0)) write();
  }

  #request(owner: Owner, kind: 'ledger' | 'data', statements: readonly Bound[], stamp?: () => number): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const apply = () => this.#run(statements, owner, stampMicros, nobody, reject);
      const fate = this.#faults.directed?.(owner, statements[0]!.query, apply) ?? this.#faults.storeFate(owner, kind);
      const stampMicros = stamp?.();
      let answered = false;
      const settle = (act: () => void) => () => {
        if (answered) return;
        answered = true;
        timeout.cancelled = true;
        act();
      };
      const fail = (why: string) => settle(() => reject(new Error(`simulated: ${why}`)));
      const timeout = this.#scheduler.after(timeoutMs[kind], fail('timed out'), owner);
      const respond = (answer: Answer) => {
        if (!this.#faults.storeCut(owner))
          this.#scheduler.after(
            this.#faults.latencyMs(),
            settle(() => resolve(answer)),
            owner,
          );
      };
      const at = (ms: number, heard: (answer: Answer) => void) =>
        this.#scheduler.after(ms, () => this.#run(statements, owner, stampMicros, heard, reject), world);
      const arrivalMs = typeof fate === 'number' ? fate : this.#faults.latencyMs();
      switch (fate) {
        case 'lost':
        case 'held':
          return;
        case 'refused':
          return void this.#scheduler.after(arrivalMs, fail('refused'), owner);
        case 'unheard':
          return void at(arrivalMs, nobody);
        case 'late':
          return void at(timeoutMs[kind] + this.#random.between(0, 6_000), nobody);
        case 'doubled':
          at(arrivalMs + this.#random.between(5, 8_000), nobody);
      }
      at(arrivalMs, respond);
    });
  }

  #run(
    statements: readonly Bound[],
    owner: Owner,
    stampMicros: number | undefined,
    respond: (answer: Answer) => void,
    broken: (error: unknown) => void,
  ): void {
    try {
      const first = statements[0]!;
      const statement = parse(first.query);
      if (statement.kind === 'select') {
        const asked = isLedger(statement.table) ? [this.#committed] : this.#anyReplicas();
        respond(this.#select(asked, statement, first.params));
      } else if (isLedger(statement.table)) {
        const commits = respond !== nobody || this.#random.chance(0.5);
        respond(answerOf([this.#conditional(statement, first.query, first.params, owner, commits)]));
      } else {
        this.#project(statements, owner, stampMicros, () => respond(answerOf([])));
      }
    } catch (error) {
      this.#faults.defect(error);
      broken(error);
    }
  }

  #select(asked: readonly Replica[], statement: Statement, params: readonly unknown[]): Answer {
    const rows = select(asked, statement, params, this.#scheduler.nowMs);
    if (this.#variant === 'repairs-what-was-read' && statement.table === 'messages') repair(asked, statement, params);
    return answerOf(rows);
  }

  #anyReplicas(): Replica[] {
    const first = this.#random.int(0, 2);
    if (this.#variant === 'local-one') return [this.replicas[first]!];
    return [this.replicas[first]!, this.replicas[(first + this.#random.int(1, 2)) % 3]!];
  }

  /** Each replica in its own time; answered when two have it. One batch is one mutation. */
  #project(statements: readonly Bound[], owner: Owner, stampMicros: number | undefined, respond: () => void): void {
    const needed = this.#variant === 'local-one' ? 1 : 2;
    let written = 0;
    for (const [index, replica] of this.replicas.entries()) {
      const write = () => {
        for (const { query, params } of statements) {
          const statement = parse(query);
          const time =
            stampMicros === undefined ? timeOf(boundTo(statement.timestamp!, params)) : BigInt(Math.round(stampMicros));
          if (statement.kind === 'delete') replica.bury(statement, params, time);
          else replica.write(statement, params, time);
          const values = new Map(statement.set.map(({ column, value }) => [column, boundTo(value, params)]));
          this.#witness.projected(statement.table, values, index);
        }
        if (++written === needed) respond();
      };
      const delayMs = this.#faults.replicaDelayMs(owner, index);
      if (delayMs === 0) write();
      else if (delayMs === undefined) this.#unwritten.push(write);
      else this.#scheduler.after(delayMs, write, world);
    }
  }

  /** Statements on tables of which there is one copy. */
  #conditional(
    statement: Statement,
    query: string,
    params: readonly unknown[],
    owner: Owner,
    commits: boolean,
  ): FakeRow {
    const partition = partitionOf(statement, params);
    this.#uncommitted.get(partition)?.();
    this.#uncommitted.delete(partition);
    const row = this.ledger.current(statement, params);
    const expires = statement.ttl && this.#scheduler.nowMs + 1000 * (boundTo(statement.ttl, params) as number);
    const ignoresState = this.#variant === 'no-state-condition' && query.includes('payload = ?');
    if (statement.notExists && row !== undefined)
      return rowOf(['[applied]', ...Object.keys(row)], { ...row, '[applied]': false });
    const conditions = statement.conditions.filter(({ column }) => !(ignoresState && column === 'state'));
    if (statement.conditions.length > 0) {
      if (row === undefined) return rowOf(['[applied]'], { '[applied]': false });
      if (conditions.some(({ column, value }) => row[column] !== boundTo(value, params))) {
        const columns = statement.conditions.map(({ column }) => column);
        return rowOf(['[applied]', ...columns], { ...row, '[applied]': false });
      }
    }
    const time = ++this.#clock;
    const written = this.#variant === 'epoch-not-raised' ? sameEpoch(query, params) : params;
    const change = (copy: Replica) =>
      statement.kind === 'delete' ? copy.remove(statement, params) : copy.write(statement, written, time, expires);
    change(this.ledger);
    const isPlain = statement.conditions.length === 0 && !statement.notExists;
    if (commits || isPlain) change(this.#committed);
    else {
      this.#faults.fire('ledger uncommitted');
      this.#uncommitted.set(partition, () => change(this.#committed));
    }
    this.#witness.applied(query, params, owner);
    return rowOf(['[applied]'], { '[applied]': true });
  }
}

/** Who asked is gone, or will never know. */
const nobody = () => {};

const sameEpoch = (query: string, params: readonly unknown[]): readonly unknown[] =>
  query.startsWith('UPDATE shards SET owner = ?, epoch = ?') ? params.with(1, params[4]) : params;

const timeOf = (time: unknown): bigint => {
  const { high, low } = time as cassandra.types.Long;
  return (BigInt(high) << 32n) | BigInt(low >>> 0);
};

const answerOf = (rows: FakeRow[]): Answer => ({ rows, first: () => rows[0] ?? null, pageState: undefined });
