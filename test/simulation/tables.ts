import { boundTo, type Statement, type Term } from './cql.ts';

type Table = {
  readonly key: readonly string[];
  readonly order?: string;
  readonly descending?: boolean;
  readonly statics?: readonly string[];
};

/** As in `cql/`. The first four are one linearizable copy here; of the others every replica has its own. */
const tables: Readonly<Record<string, Table>> = {
  chat_homes: { key: ['chat_id'] },
  shards: { key: ['shard'] },
  journal: { key: ['session'], order: 'slot', statics: ['state', 'next_pos', 'done_pos', 'beat', 'instance'] },
  sessions: { key: ['session'] },
  chats: { key: ['chat_id'], order: 'user_id', statics: ['settings', 'current_bucket'] },
  chats_by_user: { key: ['user_id'], order: 'chat_id' },
  messages: {
    key: ['chat_id', 'bucket'],
    order: 'seq',
    descending: true,
    statics: ['next_seq', 'next_rev', 'first_seq', 'first_rev', 'started_at'],
  },
  changes: { key: ['chat_id', 'bucket'], order: 'rev' },
  entry_keys: { key: ['chat_id', 'bucket'], order: 'first_rev' },
  chat_buckets: { key: ['chat_id'], order: 'bucket', descending: true },
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
type Partition = {
  readonly key: Readonly<Record<string, unknown>>;
  readonly statics: Cells;
  readonly rows: Map<unknown, Cells>;
};
export type FakeRow = Record<string, unknown> & { get(column: string): unknown };

/** What one replica holds. Each cell goes to the write with the higher timestamp. */
export class Replica {
  readonly #tables = new Map<string, Map<string, Partition>>();

  write(statement: Statement, params: readonly unknown[], time: bigint, expiresMs = Number.POSITIVE_INFINITY): void {
    const { key, order, statics = [] } = tableOf(statement.table);
    const values = new Map(
      [...statement.set, ...statement.where].map(({ column, value }) => [column, boundTo(value, params)]),
    );
    const partition = this.partition(
      statement.table,
      Object.fromEntries(key.map((column) => [column, values.get(column)])),
      true,
    )!;
    const at = order !== undefined && values.has(order) ? values.get(order) : order === undefined ? '' : undefined;
    let row: Cells | undefined;
    if (at !== undefined) {
      row = partition.rows.get(at) ?? new Map();
      partition.rows.set(at, row);
    }
    for (const { column } of statement.set) {
      if (key.includes(column) || column === order) continue;
      const cells = statics.includes(column) ? partition.statics : row;
      if (cells === undefined) throw new Error(`simulation: ${column} needs a row in ${statement.table}`);
      const value = values.get(column);
      if (value === undefined || value === null) throw new Error(`simulation: null is bound to ${column}`);
      const old = cells.get(column);
      if (old === undefined || wins(time, value, old)) cells.set(column, { value, time, expiresMs });
    }
  }

  /** Whole partitions, or rows above or at a clustering value: all that the service ever deletes. */
  remove(statement: Statement, params: readonly unknown[]): void {
    const { key, order } = tableOf(statement.table);
    const partition = this.partition(statement.table, keyOf(key, statement.where, params), false);
    if (partition === undefined) return;
    const within = filterOf(order, statement.where, params);
    for (const at of [...partition.rows.keys()]) if (within(at)) partition.rows.delete(at);
    if (statement.where.every(({ column }) => key.includes(column))) partition.statics.clear();
  }

  /** The current cells of one row and its statics, for conditions. Undefined when there is nothing at all. */
  current(statement: Statement, params: readonly unknown[]): Record<string, unknown> | undefined {
    const { key, order } = tableOf(statement.table);
    const terms = [...statement.where, ...statement.set];
    const partition = this.partition(statement.table, keyOf(key, terms, params), false);
    if (partition === undefined) return undefined;
    const at = order === undefined ? '' : terms.find(({ column }) => column === order)?.value;
    const row = partition.rows.get(at === '' || at === undefined ? '' : boundTo(at, params));
    if (partition.statics.size === 0 && row === undefined) return undefined;
    const cells = [...partition.statics, ...(row ?? [])];
    return { ...partition.key, ...Object.fromEntries(cells.map(([column, { value }]) => [column, value])) };
  }

  partition(table: string, key: Record<string, unknown>, create: boolean): Partition | undefined {
    const partitions = this.#tables.get(table) ?? new Map<string, Partition>();
    this.#tables.set(table, partitions);
    const text = Object.values(key).join('\n');
    const found = partitions.get(text);
    if (found !== undefined || !create) return found;
    const partition: Partition = { key, statics: new Map(), rows: new Map() };
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
  const { key, order, descending = false, statics = [] } = tableOf(statement.table);
  const whole = key.every((column) => statement.where.some((term) => term.column === column));
  const texts = whole
    ? [Object.values(keyOf(key, statement.where, params)).join('\n')]
    : [...new Set(replicas.flatMap((replica) => [...replica.partitions(statement.table).keys()]))];
  const found: FakeRow[] = [];
  for (const text of texts) {
    const parts = replicas.flatMap((replica) => replica.partitions(statement.table).get(text) ?? []);
    if (parts.length === 0) continue;
    const shared = newest(
      parts.map((part) => part.statics),
      nowMs,
    );
    const values = (row: Record<string, unknown>) => rowOf(statement.columns, { ...parts[0]!.key, ...shared, ...row });
    if (statement.distinct) {
      if (Object.keys(shared).length > 0 || parts.some((part) => part.rows.size > 0)) found.push(values({}));
      continue;
    }
    const within = filterOf(order, statement.where, params);
    const ats = [...new Set(parts.flatMap((part) => [...part.rows.keys()]))].filter(within).sort(ascending);
    if (statement.descending || descending) ats.reverse();
    for (const at of ats) {
      const cells = newest(
        parts.flatMap((part) => part.rows.get(at) ?? []),
        nowMs,
      );
      if (order === undefined && Object.keys(cells).length === 0) continue;
      found.push(values(order === undefined ? cells : { ...cells, [order]: at }));
    }
    const restricted = statement.where.some(({ column }) => column === order);
    if (ats.length === 0 && !restricted && statics.length > 0 && Object.keys(shared).length > 0) found.push(values({}));
  }
  const limit = statement.limit === undefined ? undefined : (boundTo(statement.limit, params) as number);
  return limit === undefined ? found : found.slice(0, limit);
};

export const rowOf = (columns: readonly string[], values: Record<string, unknown>): FakeRow => {
  const row: Record<string, unknown> = {};
  for (const column of columns) row[column] = values[column] ?? null;
  Object.defineProperty(row, 'get', { value: (column: string) => row[column] });
  return row as FakeRow;
};

const newest = (copies: readonly Cells[], nowMs: number): Record<string, unknown> => {
  const best = new Map<string, Cell>();
  for (const cells of copies) {
    for (const [column, cell] of cells) {
      const old = best.get(column);
      if (cell.expiresMs > nowMs && (old === undefined || wins(cell.time, cell.value, old))) best.set(column, cell);
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
  order: string | undefined,
  where: readonly Term[],
  params: readonly unknown[],
): ((at: unknown) => boolean) => {
  const terms = where
    .filter(({ column }) => column === order)
    .map(({ op, value }) => [op, boundTo(value, params)] as const);
  return (at) => terms.every(([op, bound]) => compare[op](ascending(at, bound)));
};

const compare = {
  '=': (sign: number) => sign === 0,
  '<': (sign: number) => sign < 0,
  '>': (sign: number) => sign > 0,
  '<=': (sign: number) => sign <= 0,
  '>=': (sign: number) => sign >= 0,
};

const ascending = (a: unknown, b: unknown): number =>
  (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0;
