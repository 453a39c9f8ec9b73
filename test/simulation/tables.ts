import { boundTo, type Statement, type Term } from './cql.ts';

type Table = {
  readonly key: readonly string[];
  /** The clustering columns. */
  readonly order?: readonly string[];
  readonly descending?: boolean;
  readonly statics?: readonly string[];
};

/** As in `cql/`. The first four are one linearizable copy here; of the others every replica has its own. */
const tables: Readonly<Record<string, Table>> = {
  chat_homes: { key: ['chat_id'] },
  shards: { key: ['shard'] },
  journal: { key: ['session'], order: ['slot'], statics: ['state', 'next_pos', 'done_pos', 'beat', 'instance'] },
  sessions: { key: ['session'] },
  chats: {
    key: ['chat_id'],
    order: ['user_id'],
    statics: ['settings', 'updated_settings', 'large', 'current_bucket', 'first_bucket', 'first_seq', 'first_rev'],
  },
  chats_by_user: { key: ['user_id'], order: ['chat_id'] },
  chats_ever_by_user: { key: ['user_id'], order: ['chat_id'] },
  messages: {
    key: ['chat_id', 'bucket'],
    order: ['seq'],
    descending: true,
    statics: ['next_seq', 'next_rev', 'first_seq', 'first_rev', 'started_at'],
  },
  message_versions: { key: ['chat_id', 'bucket'], order: ['seq', 'version'] },
  reactions: { key: ['chat_id', 'bucket'], order: ['seq', 'user_id'] },
  deletions: { key: ['chat_id', 'bucket'], order: ['seq'] },
  hidden_messages: { key: ['chat_id', 'user_id'], order: ['seq'] },
  changes: { key: ['chat_id', 'bucket'], order: ['rev'] },
  entry_keys: { key: ['chat_id', 'bucket'], order: ['first_rev'] },
  chat_buckets: { key: ['chat_id'], order: ['bucket'], descending: true },
};

export const isLedger = (table: string): boolean =>
  table === 'chat_homes' || table === 'shards' || table === 'journal' || table === 'sessions';

const tableOf = (name: string): Table => {
  const table = tables[name];
  if (table === undefined) throw new Error(`simulation: no table ${name}`);
  return table;
};

type Cell = { readonly value: unknown; readonly time: bigint; readonly expiresMs: number };
type Cells = Map<string, Cell>;
/** The values of a row's clustering columns. */
type At = readonly unknown[];
type RowCells = { readonly at: At; readonly cells: Cells };
/** Hides what is not younger. `undefined`: the statics. */
type Tombstone = { readonly covers: (at: At | undefined) => boolean; readonly time: bigint };
type Partition = {
  readonly key: Readonly<Record<string, unknown>>;
  readonly statics: Cells;
  readonly rows: Map<string, RowCells>;
  readonly tombstones: Tombstone[];
};
export type FakeRow = Record<string, unknown> & { get(column: string): unknown };

/** What one replica holds. Each cell goes to the write with the higher timestamp. */
export class Replica {
  readonly #tables = new Map<string, Map<string, Partition>>();

  write(statement: Statement, params: readonly unknown[], time: bigint, expiresMs = Number.POSITIVE_INFINITY): void {
    const { key, order = [], statics = [] } = tableOf(statement.table);
    const values = new Map(
      [...statement.set, ...statement.where].map(({ column, value }) => [column, boundTo(value, params)]),
    );
    const partition = this.partition(
      statement.table,
      Object.fromEntries(key.map((column) => [column, values.get(column)])),
      true,
    )!;
    const at = order.every((column) => values.has(column)) ? order.map((column) => values.get(column)) : undefined;
    let row: RowCells | undefined;
    if (at !== undefined) {
      const text = at.join('\n');
      row = partition.rows.get(text) ?? { at, cells: new Map() };
      partition.rows.set(text, row);
    }
    for (const { column } of statement.set) {
      if (key.includes(column) || order.includes(column)) continue;
      const cells = statics.includes(column) ? partition.statics : row?.cells;
      if (cells === undefined) throw new Error(`simulation: ${column} needs a row in ${statement.table}`);
      const value = values.get(column);
      if (value === undefined || value === null) throw new Error(`simulation: null is bound to ${column}`);
      const old = cells.get(column);
      if (old === undefined || wins(time, value, old)) cells.set(column, { value, time, expiresMs });
    }
  }

  /** A projection's delete: a row, a range of rows or a whole partition. What is older may still arrive, and stays hidden. */
  bury(statement: Statement, params: readonly unknown[], time: bigint): void {
    const { key, order } = tableOf(statement.table);
    const partition = this.partition(statement.table, keyOf(key, statement.where, params), true)!;
    const within = filterOf(order, statement.where, params);
    const isWhole = statement.where.every(({ column }) => key.includes(column));
    partition.tombstones.push({ covers: (at) => (at === undefined ? isWhole : within(at)), time });
  }

  /** Of the ledger: whole partitions, or rows above or at a clustering value. */
  remove(statement: Statement, params: readonly unknown[]): void {
    const { key, order } = tableOf(statement.table);
    const partition = this.partition(statement.table, keyOf(key, statement.where, params), false);
    if (partition === undefined) return;
    const within = filterOf(order, statement.where, params);
    for (const [text, { at }] of partition.rows) if (within(at)) partition.rows.delete(text);
    if (statement.where.every(({ column }) => key.includes(column))) partition.statics.clear();
  }

  /** The current cells of one row and its statics, for conditions. Undefined when there is nothing at all. */
  current(statement: Statement, params: readonly unknown[]): Record<string, unknown> | undefined {
    const { key, order = [] } = tableOf(statement.table);
    const terms = [...statement.where, ...statement.set];
    const partition = this.partition(statement.table, keyOf(key, terms, params), false);
    if (partition === undefined) return undefined;
    const at = order.map((name) => terms.find(({ column }) => column === name)?.value);
    const row = at.every((value) => value !== undefined)
      ? partition.rows.get(at.map((value) => boundTo(value!, params)).join('\n'))
      : undefined;
    if (partition.statics.size === 0 && row === undefined) return undefined;
    const cells = [...partition.statics, ...(row?.cells ?? [])];
    return { ...partition.key, ...Object.fromEntries(cells.map(([column, { value }]) => [column, value])) };
  }

  partition(table: string, key: Record<string, unknown>, create: boolean): Partition | undefined {
    const partitions = this.#tables.get(table) ?? new Map<string, Partition>();
    this.#tables.set(table, partitions);
    const text = Object.values(key).join('\n');
    const found = partitions.get(text);
    if (found !== undefined || !create) return found;
    const partition: Partition = { key, statics: new Map(), rows: new Map(), tombstones: [] };
    partitions.set(text, partition);
    return partition;
  }

  partitions(table: string): Map<string, Partition> {
    return this.#tables.get(table) ?? new Map();
  }
}

/** A read: the newest cell of any of the replicas that were asked. */
export const select = (
  replicas: readonly Replica[],
  statement: Statement,
  params: readonly unknown[],
  nowMs: number,
): FakeRow[] => {
  const { key, order = [], descending = false, statics = [] } = tableOf(statement.table);
  const whole = key.every((column) => statement.where.some((term) => term.column === column));
  const texts = whole
    ? [Object.values(keyOf(key, statement.where, params)).join('\n')]
    : [...new Set(replicas.flatMap((replica) => [...replica.partitions(statement.table).keys()]))];
  const found: FakeRow[] = [];
  for (const text of texts) {
    const parts = replicas.flatMap((replica) => replica.partitions(statement.table).get(text) ?? []);
    if (parts.length === 0) continue;
    const tombstones = parts.flatMap((part) => part.tombstones);
    const merged = (copies: readonly Cells[], at: At | undefined) => {
      const buried = tombstones.filter(({ covers }) => covers(at)).map(({ time }) => time);
      return newest(copies, nowMs, (time) => buried.every((youngest) => time > youngest));
    };
    const shared = merged(
      parts.map((part) => part.statics),
      undefined,
    );
    const values = (row: Record<string, unknown>) => rowOf(statement.columns, { ...parts[0]!.key, ...shared, ...row });
    const within = filterOf(order, statement.where, params);
    const ats = new Map(parts.flatMap((part) => [...part.rows].map(([name, { at }]) => [name, at] as const)));
    const rows: { at: At; cells: Record<string, unknown> }[] = [];
    for (const [name, at] of ats) {
      if (!within(at)) continue;
      const cells = merged(
        parts.flatMap((part) => part.rows.get(name)?.cells ?? []),
        at,
      );
      if (Object.keys(cells).length > 0) rows.push({ at, cells });
    }
    if (statement.distinct) {
      if (Object.keys(shared).length > 0 || rows.length > 0) found.push(values({}));
      continue;
    }
    rows.sort((a, b) => inOrder(a.at, b.at));
    if (statement.order === undefined ? descending : statement.order === 'DESC') rows.reverse();
    for (const { at, cells } of rows)
      found.push(values({ ...cells, ...Object.fromEntries(order.map((column, index) => [column, at[index]])) }));
    const restricted = statement.where.some(({ column }) => order.includes(column));
    if (rows.length === 0 && !restricted && statics.length > 0 && Object.keys(shared).length > 0)
      found.push(values({}));
  }
  const limit = statement.limit === undefined ? undefined : (boundTo(statement.limit, params) as number);
  return limit === undefined ? found : found.slice(0, limit);
};

/** What a blocking read repair does: the replicas that were asked get the newest cells of the columns that were read, and no others. */
export const repair = (
  replicas: readonly Replica[],
  { table, columns, where, distinct }: Statement,
  params: readonly unknown[],
): void => {
  const { key, order } = tableOf(table);
  const parts = replicas.map((replica) => replica.partition(table, keyOf(key, where, params), true)!);
  const level = (copies: readonly Cells[]) => {
    for (const column of columns) {
      const cells = copies.flatMap((copy) => copy.get(column) ?? []);
      const best = cells.reduce<Cell | undefined>(
        (a, b) => (a === undefined || wins(b.time, b.value, a) ? b : a),
        undefined,
      );
      if (best !== undefined) for (const copy of copies) copy.set(column, best);
    }
  };
  level(parts.map(({ statics }) => statics));
  if (distinct) return;
  const within = filterOf(order, where, params);
  for (const [name, { at }] of new Map(parts.flatMap(({ rows }) => [...rows]))) {
    if (!within(at)) continue;
    for (const { rows } of parts) if (!rows.has(name)) rows.set(name, { at, cells: new Map() });
    level(parts.map(({ rows }) => rows.get(name)!.cells));
  }
};

export const rowOf = (columns: readonly string[], values: Record<string, unknown>): FakeRow => {
  const row: Record<string, unknown> = {};
  for (const column of columns) row[column] = values[column] ?? null;
  Object.defineProperty(row, 'get', { value: (column: string) => row[column] });
  return row as FakeRow;
};

const newest = (
  copies: readonly Cells[],
  nowMs: number,
  isSeen: (time: bigint) => boolean,
): Record<string, unknown> => {
  const best = new Map<string, Cell>();
  for (const cells of copies) {
    for (const [column, cell] of cells) {
      const old = best.get(column);
      if (cell.expiresMs > nowMs && isSeen(cell.time) && (old === undefined || wins(cell.time, cell.value, old)))
        best.set(column, cell);
    }
  }
  return Object.fromEntries([...best].map(([column, { value }]) => [column, value]));
};

/** Equal timestamps: the greater value, as Cassandra has it. */
const wins = (time: bigint, value: unknown, old: Cell): boolean =>
  time > old.time || (time === old.time && String(value) >= String(old.value));

/** Names the partition that a write is for. */
export const partitionOf = ({ table, set, where }: Statement, params: readonly unknown[]): string =>
  [table, ...Object.values(keyOf(tableOf(table).key, [...where, ...set], params))].join('\n');

const keyOf = (key: readonly string[], terms: readonly Term[], params: readonly unknown[]): Record<string, unknown> =>
  Object.fromEntries(
    key.map((column) => [column, boundTo(terms.find((term) => term.column === column)!.value, params)]),
  );

const filterOf = (
  order: readonly string[] | undefined,
  where: readonly Term[],
  params: readonly unknown[],
): ((at: At) => boolean) => {
  const terms = where
    .map(({ column, op, value }) => ({ index: order?.indexOf(column) ?? -1, op, bound: boundTo(value, params) }))
    .filter(({ index }) => index >= 0);
  return (at) => terms.every(({ index, op, bound }) => compare[op](at[index], bound));
};

const compare = {
  '=': (at: unknown, bound: unknown) => ascending(at, bound) === 0,
  '<': (at: unknown, bound: unknown) => ascending(at, bound) < 0,
  '>': (at: unknown, bound: unknown) => ascending(at, bound) > 0,
  '<=': (at: unknown, bound: unknown) => ascending(at, bound) <= 0,
  '>=': (at: unknown, bound: unknown) => ascending(at, bound) >= 0,
  IN: (at: unknown, bound: unknown) => (bound as unknown[]).includes(at),
};

const inOrder = (a: At, b: At): number => {
  for (const [index, value] of a.entries()) {
    const sign = ascending(value, b[index]);
    if (sign !== 0) return sign;
  }
  return 0;
};

const ascending = (a: unknown, b: unknown): number =>
  (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
