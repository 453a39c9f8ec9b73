/** What the service tells of itself while it works. This file is the whole catalogue: names, units and labels stand nowhere else.
 *  Names follow Prometheus (base units in the name, `_total` is added to counters by the exporter), except where the semantic
 *  conventions of OpenTelemetry or a sibling's dashboard have a name already. Labels are bounded: never a chat or a user. (ADR-010) */

const fast = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const slow = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const sizes = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
const bytes = [1_024, 4_096, 16_384, 32_768, 65_536, 131_072, 262_144, 524_288];

/** `known`: what a counter shows as 0 from the start, where its labels' values are few. Prometheus sees an increase only from one value to another, so
 *  the first event under labels that were never seen before would raise no alert.
 *  A `sum` is a counter that somebody keeps anyway: it is only looked at. */
type Kind = 'counter' | 'histogram' | 'gauge' | 'sum';
const counter = <L extends string = never>(
  name: string,
  unit: string,
  description: string,
  labels: readonly L[] = [],
  known: readonly Readonly<Record<NoInfer<L>, string>>[] = labels.length === 0 ? [{} as Record<L, string>] : [],
) => ({ kind: 'counter', name, unit, description, labels, known }) as const;
const histogram = <L extends string = never>(
  name: string,
  unit: string,
  buckets: readonly number[],
  description: string,
  labels: readonly L[] = [],
) => ({ kind: 'histogram', name, unit, description, labels, buckets }) as const;
const gauge = <L extends string = never>(name: string, unit: string, description: string, labels: readonly L[] = []) =>
  ({ kind: 'gauge', name, unit, description, labels }) as const;
const sum = (name: string, unit: string, description: string) =>
  ({ kind: 'sum', name, unit, description, labels: [] as readonly never[] }) as const;

export const instruments = {
  // HTTP
  httpDuration: histogram(
    'http.server.request.duration',
    's',
    fast,
    'Time from the first byte of a request to the last of its answer.',
    ['http.request.method', 'http.route', 'http.response.status_code'],
  ),
  /** As the sibling services' dashboard asks for it: old conventions, milliseconds. */
  httpDurationMs: histogram(
    'http_server_duration_milliseconds',
    'ms',
    [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000],
    'The same in milliseconds, under the labels that the dashboards of sibling services use.',
    ['http_server_name', 'http_status_code', 'http_method'],
  ),

  // The way of a command
  received: counter('chat_messaging_commands_received', '{command}', 'Commands taken from a queue.'),
  settled: counter(
    'chat_messaging_commands_settled',
    '{command}',
    'Commands answered: event confirmed, delivery acked.',
    ['outcome', 'type'],
  ),
  rejected: counter('chat_messaging_rejections', '{command}', 'Commands rejected, by code.', ['code']),
  lag: histogram(
    'chat_messaging_command_lag_seconds',
    's',
    slow,
    'From the arrival of a command in this process to its ack: stored, announced, confirmed.',
  ),
  waited: histogram(
    'chat_messaging_mailbox_wait_seconds',
    's',
    slow,
    'From the arrival of a command to the turn that takes it.',
  ),
  turnCommands: histogram('chat_messaging_turn_commands', '{command}', sizes, 'Commands taken in one turn of a chat.'),
  turnDuration: histogram(
    'chat_messaging_turn_duration_seconds',
    's',
    fast,
    'One turn: dedupe, authorise, decide; reads included, no writes.',
  ),
  commitDuration: histogram(
    'chat_messaging_commit_duration_seconds',
    's',
    fast,
    'From decided to durable and readable: journal and projections.',
  ),
  confirmDuration: histogram(
    'chat_messaging_confirm_duration_seconds',
    's',
    fast,
    'From handing an event to the broker to its confirm.',
  ),
  crashes: counter(
    'chat_messaging_actor_crashes',
    '{crash}',
    'Turns that crashed; a command that does so three times is dead-lettered.',
  ),
  residentChats: gauge('chat_messaging_resident_chats', '{chat}', 'Chats held in memory.'),
  mailbox: gauge('chat_messaging_mailbox_commands', '{command}', 'Commands that wait in mailboxes of chats.'),

  // Journal and store
  journalDuration: histogram(
    'chat_messaging_journal_append_duration_seconds',
    's',
    fast,
    'One conditional append to the journal, repeats included.',
  ),
  journalDecisions: histogram(
    'chat_messaging_journal_append_decisions',
    '{decision}',
    sizes,
    'Decisions in one append, carried ones included.',
  ),
  journalBytes: histogram(
    'chat_messaging_journal_append_bytes',
    'By',
    bytes,
    'Bytes of one append, compressed unless they are few.',
  ),
  journalCarried: counter(
    'chat_messaging_journal_carried',
    '{decision}',
    'Decisions journaled once more, because their shard or chat could not go on and their slots were needed.',
  ),
  journalOpen: gauge(
    'chat_messaging_journal_open_groups',
    '{group}',
    'Groups journaled and not yet done; at most 250.',
  ),
  storeDuration: histogram('db.client.operation.duration', 's', fast, 'One request to the store.', [
    'db.system.name',
    'db.operation.name',
    'error.type',
  ]),
  projectionRetries: counter(
    'chat_messaging_projection_retries',
    '{write}',
    'Writes to the tables that failed and were sent again.',
  ),
  coalescedReads: sum(
    'chat_messaging_coalesced_reads',
    '{read}',
    'Reads answered by the same query as another one that was under way.',
  ),
  keptPages: sum(
    'chat_messaging_kept_pages',
    '{page}',
    'Newest pages answered from memory, because nothing has changed in their chat since they were read.',
  ),

  // Ownership
  shardsOwned: gauge('chat_messaging_shards_owned', '{shard}', 'Shards that this instance serves.'),
  shards: gauge('chat_messaging_shards', '{shard}', 'Shards of the whole cell.'),
  sessions: counter(
    'chat_messaging_sessions',
    '{session}',
    'Sessions begun, lost, or ended for want of a broker.',
    ['event'],
    [{ event: 'begun' }, { event: 'lost' }, { event: 'cut off' }],
  ),
  fenced: counter('chat_messaging_sessions_fenced', '{session}', 'Sessions of others that this instance has fenced.'),
  shardMoves: counter(
    'chat_messaging_shard_moves',
    '{shard}',
    'Shards taken and handed back.',
    ['move'],
    [{ move: 'taken' }, { move: 'handed back' }, { move: 'not drained' }],
  ),
  takeDuration: histogram(
    'chat_messaging_shard_take_duration_seconds',
    's',
    slow,
    'Taking one shard: replay of the former owner and its events included.',
  ),
  replayed: counter(
    'chat_messaging_replayed_decisions',
    '{decision}',
    'Decisions of former owners written and announced again.',
  ),

  // Retention and erasure
  trimmedBuckets: counter('chat_messaging_trimmed_buckets', '{bucket}', 'Buckets dropped by the retention sweep.'),
  trimmedMessages: counter('chat_messaging_trimmed_messages', '{message}', 'Messages dropped with them.'),
  erasedMessages: counter('chat_messaging_erased_messages', '{message}', 'Messages blanked by the erasure of users.'),

  // Policy
  policyDecisions: counter('chat_messaging_policy_decisions', '{decision}', 'Decisions of the policy.', [
    'action',
    'effect',
  ]),
  policyDuration: histogram(
    'chat_messaging_policy_duration_seconds',
    's',
    [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.01, 0.1, 1],
    'One batch of questions in the policy actor.',
  ),
  policyFailures: counter(
    'chat_messaging_policy_failures',
    '{question}',
    'Questions that could not be decided; they are asked again.',
  ),

  policyLoads: counter(
    'chat_messaging_policy_loads',
    '{policy_set}',
    'Policy sets that came into force, and such that were refused. `role` is live or shadow.',
    ['role', 'result'],
    ['live', 'shadow'].flatMap((role) => ['in_force', 'refused'].map((result) => ({ role, result }))),
  ),
  shadowDisagreements: counter(
    'chat_messaging_policy_shadow_disagreements',
    '{decision}',
    'Decisions that the shadow policy would have made otherwise, by the first rule behind each; `none` where nothing permits.',
    ['action', 'live_rule', 'shadow_rule'],
  ),
  shadowSkipped: counter(
    'chat_messaging_policy_shadow_skipped',
    '{decision}',
    'Decisions that the shadow policy was not asked about, so much came.',
  ),
  shadowFailures: counter(
    'chat_messaging_policy_shadow_failures',
    '{decision}',
    'Decisions that the shadow policy could not make.',
  ),

  // Broker
  forwarded: sum(
    'chat_messaging_commands_forwarded',
    '{command}',
    'Commands moved on to the home shard of their chat.',
  ),
  ingested: sum('chat_messaging_commands_ingested', '{command}', "Messages moved from the sibling services' queue."),
  deadLettered: sum('chat_messaging_dead_letters', '{message}', 'Messages moved to the dead letters.'),
  unroutable: sum('chat_messaging_events_unroutable', '{event}', 'Events that no queue took.'),
  resent: sum('chat_messaging_events_resent', '{event}', 'Events sent again because an earlier one was not confirmed.'),
  staleSettles: sum('chat_messaging_stale_settles', '{delivery}', 'Answers to deliveries whose channel was gone.'),
  heldTooLong: sum(
    'chat_messaging_channels_held_too_long',
    '{channel}',
    'Channels closed because a delivery was not answered for too long.',
  ),
  connected: gauge('chat_messaging_broker_connected', '1', '1 while the connection to the broker is up.', [
    'connection',
  ]),
} as const;

type Instruments = typeof instruments;
type LabelsOf<Name extends keyof Instruments> = Readonly<Record<Instruments[Name]['labels'][number], string | number>>;
type NamesOf<K extends Kind> = {
  [Name in keyof Instruments]: Instruments[Name]['kind'] extends K ? Name : never;
}[keyof Instruments];
export type CounterName = NamesOf<'counter'>;
export type HistogramName = NamesOf<'histogram'>;
export type WatchedName = NamesOf<'gauge' | 'sum'>;

type Labelled<Name extends keyof Instruments> = [Instruments[Name]['labels'][number]] extends [never]
  ? []
  : [labels: Partial<LabelsOf<Name>>];

export type Reading<Name extends keyof Instruments> = {
  readonly value: number;
  readonly labels?: Partial<LabelsOf<Name>>;
};

/** To the implementer: calls are made for every message; they must cost well below a microsecond and never throw. */
export type Telemetry = {
  add<Name extends CounterName>(name: Name, by: number, ...labels: Labelled<Name>): void;
  record<Name extends HistogramName>(name: Name, value: number, ...labels: Labelled<Name>): void;
  /** `read` is called whenever somebody looks. */
  watch<Name extends WatchedName>(name: Name, read: () => readonly Reading<Name>[]): void;
};

export const noTelemetry: Telemetry = { add: () => {}, record: () => {}, watch: () => {} };
