/** What a ratio has to reach. `atLeast` and `atMost` hold for the median. */
export type Target = { readonly says: string; readonly goal?: number } & (
  | { readonly atLeast: number }
  | { readonly atMost: number }
);

export const targets: Readonly<Record<string, Target>> = {
  'pipeline.cassandra.spread': { says: 'service ÷ (A+S), messages/s, 1,000 chats', atLeast: 0.8, goal: 0.95 },
  'pipeline.cassandra.plain': { says: 'service ÷ plain INSERTs, messages/s, 1,000 chats', atLeast: 0.6, goal: 0.8 },
  'pipeline.sqlite.spread': { says: 'service ÷ (A+S), messages/s, 1,000 chats', atLeast: 0.8, goal: 0.95 },
  'pipeline.cassandra.hot': { says: 'service, one chat ÷ 1,000 chats, messages/s', atLeast: 0.95, goal: 2 },
  'pipeline.cpu': { says: 'CPU per message, service ÷ client of (A+S)', atMost: 1.6, goal: 1.3 },
  'latency.p99.half': { says: 'p99 at half load, service − (A+S), ms', atMost: 4, goal: 1.5 },
  'http.page.p99': { says: 'p99 of a history page ÷ of the bare query', atMost: 1.5, goal: 1.2 },
  'http.coalesced': { says: 'queries for 1,000 concurrent identical page reads', atMost: 10, goal: 1 },
  'growth.chats': { says: 'CPU per message, most chats ÷ fewest', atMost: 1.5, goal: 1.2 },
  'growth.history': { says: 'cost of a page, longest history ÷ shortest', atMost: 1.3, goal: 1.1 },
  'memory.idle': { says: 'bytes of heap per resident idle chat', atMost: 2_000, goal: 1_600 },
  'telemetry.cpu': { says: 'CPU of the service per message, with telemetry ÷ without', atMost: 1.05 },
  restart: { says: 'time to the first message, 10⁶ chats stored ÷ none', atMost: 1.5, goal: 1.1 },
  'policy.cached': { says: 'µs per cached decision', atMost: 0.3 },
  'policy.uncached': { says: 'µs per uncached decision', atMost: 50 },
  'policy.members': { says: 'cost of a decision, 10,000 members ÷ 2', atMost: 1.25 },
};

/** Keys of one family share a target: `pages.cassandra.newest`, `pages.sqlite.deleted` … */
const families: readonly (readonly [string, Target])[] = [
  ['pages.', { says: 'cost of a page, big chat ÷ small', atMost: 1.5 }],
];

export const targetOf = (key: string): Target | undefined =>
  targets[key] ?? families.find(([prefix]) => key.startsWith(prefix))?.[1];

export const meets = (target: Target, value: number): boolean =>
  'atLeast' in target ? value >= target.atLeast : value <= target.atMost;

export const wordsOf = (target: Target): string => ('atLeast' in target ? `≥ ${target.atLeast}` : `≤ ${target.atMost}`);
