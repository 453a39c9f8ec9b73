/** The statements that the adapter uses, taken apart. Anything else throws: a new form must be taught here first. */
export type Term = {
  readonly column: string;
  readonly op: '=' | '<' | '>' | '<=' | '>=' | 'IN';
  readonly value: Value;
};
/** A literal, or the index of a bound value. */
type Value = { readonly literal: unknown } | { readonly bound: number };

export type Statement = {
  readonly kind: 'select' | 'insert' | 'update' | 'delete';
  readonly table: string;
  readonly columns: readonly string[];
  readonly distinct: boolean;
  readonly set: readonly Term[];
  readonly where: readonly Term[];
  /** Conditions of an update; `notExists` of an insert. */
  readonly conditions: readonly Term[];
  readonly notExists: boolean;
  readonly timestamp: Value | undefined;
  readonly ttl: Value | undefined;
  readonly limit: Value | undefined;
  readonly order: 'ASC' | 'DESC' | undefined;
};

const parsed = new Map<string, Statement>();

export const parse = (query: string): Statement => {
  let statement = parsed.get(query);
  if (statement === undefined) {
    statement = take(query.replace(/\s+/g, ' ').trim());
    parsed.set(query, statement);
  }
  return statement;
};

export const boundTo = (value: Value, params: readonly unknown[]): unknown =>
  'literal' in value ? value.literal : params[value.bound];

const take = (text: string): Statement => {
  let marks = 0;
  const value = (word: string): Value => {
    if (word === '?') return { bound: marks++ };
    if (/^'.*'$/.test(word)) return { literal: word.slice(1, -1) };
    if (/^-?\d+$/.test(word)) return { literal: Number(word) };
    throw new Error(`simulation: not a value: ${word} in ${text}`);
  };
  const terms = (list: string | undefined, by: RegExp): Term[] =>
    (list ?? '')
      .split(by)
      .filter(Boolean)
      .map((term) => {
        const [, column, op, word] = /^(\w+) (=|<=|>=|<|>|IN) (\S+)$/.exec(term.trim()) ?? [];
        if (word === undefined) throw new Error(`simulation: not a term: ${term} in ${text}`);
        return { column: column!, op: op as Term['op'], value: value(word) };
      });
  const base = {
    columns: [],
    set: [],
    where: [],
    conditions: [],
    distinct: false,
    notExists: false,
    order: undefined,
    timestamp: undefined,
    ttl: undefined,
    limit: undefined,
  };
  const list = (names: string) => names.split(',').map((name) => name.trim());

  let match =
    /^INSERT INTO (\w+) \(([^)]*)\) VALUES \(([^)]*)\)( IF NOT EXISTS)?(?: USING (TIMESTAMP|TTL) (\S+))?$/.exec(text);
  if (match !== null) {
    const [, table, names, words, notExists, using, usingWord] = match;
    const values = list(words!).map(value);
    const set = list(names!).map((column, index): Term => ({ column, op: '=', value: values[index]! }));
    const used = usingWord === undefined ? undefined : value(usingWord);
    const extra = using === 'TTL' ? { ttl: used } : { timestamp: used };
    return { ...base, kind: 'insert', table: table!, set, notExists: notExists !== undefined, ...extra };
  }
  match = /^UPDATE (\w+)(?: USING TIMESTAMP (\S+))? SET (.*?) WHERE (.*?)(?: IF (.*))?$/.exec(text);
  if (match !== null) {
    const [, table, stamp, set, where, conditions] = match;
    const timestamp = stamp === undefined ? undefined : value(stamp);
    const parts = { set: terms(set, /,/), where: terms(where, / AND /), conditions: terms(conditions, / AND /) };
    return { ...base, kind: 'update', table: table!, timestamp, ...parts };
  }
  match = /^DELETE FROM (\w+)(?: USING TIMESTAMP (\S+))? WHERE (.*?)(?: IF (.*))?$/.exec(text);
  if (match !== null) {
    const [, table, stamp, where, conditions] = match;
    const timestamp = stamp === undefined ? undefined : value(stamp);
    return {
      ...base,
      kind: 'delete',
      table: table!,
      timestamp,
      where: terms(where, / AND /),
      conditions: terms(conditions, / AND /),
    };
  }
  match = /^SELECT (DISTINCT )?(.*?) FROM (\w+)(?: WHERE (.*?))?(?: ORDER BY \w+ (DESC|ASC))?(?: LIMIT (\S+))?$/.exec(
    text,
  );
  if (match !== null) {
    const [, distinct, names, table, where, order, limit] = match;
    const parts = { columns: list(names!), where: terms(where, / AND /) };
    const last = limit === undefined ? undefined : value(limit);
    return {
      ...base,
      kind: 'select',
      table: table!,
      distinct: distinct !== undefined,
      order: order as Statement['order'],
      limit: last,
      ...parts,
    };
  }
  throw new Error(`simulation: the fake store does not know this statement: ${text}`);
};
