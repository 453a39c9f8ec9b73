import type { Dashboard, Panel } from './dashboard.ts';

const at = 'instance=~"$instance"';
const rate = (metric: string, labels = '') => `rate(${metric}{${at}${labels && `, ${labels}`}}[$__rate_interval])`;
const total = (metric: string, by = '', labels = '') => `sum${by && ` by (${by})`} (${rate(metric, labels)})`;
const share = (quantile: number, histogram: string, by = '', labels = '') =>
  `histogram_quantile(${quantile}, sum by (le${by && `, ${by}`}) (${rate(`${histogram}_bucket`, labels)}))`;
const sinceStart = (quantile: number, histogram: string) =>
  `histogram_quantile(${quantile}, sum by (le) (${histogram}_bucket{${at}}))`;
const mean = (histogram: string) => `${total(`${histogram}_sum`)} / ${total(`${histogram}_count`)}`;

/** p50 and p99 of one histogram. */
const spread = (title: string, histogram: string, about: string, unit = 's'): Panel => ({
  title,
  unit,
  about,
  queries: [
    [share(0.5, histogram), 'p50'],
    [share(0.99, histogram), 'p99'],
  ],
});

const http = 'http_server_duration_milliseconds';
const lag = 'chat_messaging_command_lag_seconds';

const overview: Dashboard = {
  uid: 'chat-messaging-overview',
  title: 'Overview',
  panels: [
    {
      title: 'Requests per second',
      unit: 'reqps',
      about: 'HTTP, by status.',
      queries: [[total(`${http}_count`, 'http_status_code'), '{{http_status_code}}']],
    },
    {
      title: 'Request duration',
      unit: 'ms',
      about: 'All routes; Latency shows the reads.',
      queries: [
        [share(0.95, http), 'p95'],
        [share(0.99, http), 'p99'],
      ],
    },
    {
      title: 'Errors per second',
      unit: 'reqps',
      about: '4xx are the callers’, 5xx are ours.',
      queries: [
        [`${total(`${http}_count`, '', 'http_status_code=~"4.."')} or vector(0)`, '4xx'],
        [`${total(`${http}_count`, '', 'http_status_code=~"5.."')} or vector(0)`, '5xx'],
      ],
    },
    {
      title: 'Commands per second',
      unit: 'short',
      about: 'Taken from the queues; stored; answered altogether (rejections and repeats too).',
      queries: [
        [total('chat_messaging_commands_received_total'), 'received'],
        [total('chat_messaging_commands_settled_total', '', 'outcome="accepted"'), 'stored'],
        [total('chat_messaging_commands_settled_total'), 'announced'],
      ],
    },
    spread('End-to-end lag', lag, 'From the arrival of a command to its ack: stored, announced, confirmed.'),
    {
      title: 'Backlog in the process',
      unit: 'short',
      about: 'Commands that wait in mailboxes. What waits in RabbitMQ is in its own dashboards.',
      queries: [[`sum by (instance) (chat_messaging_mailbox_commands{${at}})`, '{{instance}}']],
    },
    {
      title: 'Rejections per second',
      unit: 'short',
      about: 'By code (docs/commands.md).',
      queries: [[total('chat_messaging_rejections_total', 'code'), '{{code}}']],
    },
    {
      title: 'What needs somebody',
      unit: 'short',
      about: 'In the last hour. All of it should be 0 (docs/operations.md).',
      queries: [
        [`sum(increase(chat_messaging_dead_letters_total{${at}}[1h]))`, 'dead letters'],
        [`sum(increase(chat_messaging_actor_crashes_total{${at}}[1h]))`, 'crashed turns'],
        [`sum(increase(chat_messaging_events_unroutable_total{${at}}[1h]))`, 'events nobody takes'],
        [`sum(increase(chat_messaging_policy_failures_total{${at}}[1h]))`, 'undecided questions'],
      ],
    },
    {
      title: 'CPU and event loop',
      unit: 'percentunit',
      about: 'Share of one core; share of time the event loop is busy. Near 1 an instance is full.',
      queries: [
        [`sum by (instance) (${rate('process_cpu_seconds_total')})`, 'CPU {{instance}}'],
        [`max by (instance) (nodejs_eventloop_utilization{${at}})`, 'event loop {{instance}}'],
      ],
    },
    {
      title: 'Event loop delay',
      unit: 's',
      about: 'Above half a heartbeat (5 s) connections are lost.',
      queries: [[`max by (instance) (nodejs_eventloop_delay_p99{${at}})`, 'p99 {{instance}}']],
    },
    {
      title: 'Memory',
      unit: 'bytes',
      about: 'Held by the process; of it, the heap in use.',
      queries: [
        [`sum by (instance) (process_resident_memory_bytes{${at}})`, 'resident {{instance}}'],
        [`sum by (instance) (v8js_memory_heap_used{${at}})`, 'heap {{instance}}'],
      ],
    },
    {
      title: 'Chats in memory',
      unit: 'short',
      about: 'At most 2,000 a shard; idle ones leave after a minute.',
      queries: [[`sum by (instance) (chat_messaging_resident_chats{${at}})`, '{{instance}}']],
    },
  ],
};

const pages = 'http_request_method="GET", http_route=~"/v1/.*"';
const latency: Dashboard = {
  uid: 'chat-messaging-latency',
  title: 'Latency',
  panels: [
    spread(
      '1. Wait',
      'chat_messaging_mailbox_wait_seconds',
      'From the arrival of a command to the turn that takes it.',
    ),
    spread('2. Turn', 'chat_messaging_turn_duration_seconds', 'Dedupe, authorise, decide.'),
    spread('3. Commit', 'chat_messaging_commit_duration_seconds', 'From decided to durable and readable.'),
    spread(
      '4. Confirm',
      'chat_messaging_confirm_duration_seconds',
      'From handing the event to the broker to its confirm.',
    ),
    spread('All of it', lag, 'From arrival to ack.'),
    {
      title: 'History reads',
      unit: 's',
      about: 'GET below /v1.',
      queries: [
        [share(0.5, 'http_server_request_duration', '', pages), 'p50'],
        [share(0.95, 'http_server_request_duration', '', pages), 'p95'],
        [share(0.99, 'http_server_request_duration', '', pages), 'p99'],
      ],
    },
    {
      title: 'Reads by route, p95',
      unit: 's',
      about: 'Which read is the slow one.',
      queries: [[share(0.95, 'http_server_request_duration', 'http_route', pages), '{{http_route}}']],
    },
    spread(
      'Journal append',
      'chat_messaging_journal_append_duration_seconds',
      'One conditional write; only with Cassandra.',
    ),
    {
      title: 'Store requests, p99',
      unit: 's',
      about: 'By operation.',
      queries: [
        [
          share(0.99, 'db_client_operation_duration', 'db_system_name, db_operation_name'),
          '{{db_system_name}} {{db_operation_name}}',
        ],
      ],
    },
    {
      title: 'Store requests per second',
      unit: 'reqps',
      about: 'By operation; reads that were answered together need none.',
      queries: [
        [total('db_client_operation_duration_count', 'db_operation_name'), '{{db_operation_name}}'],
        [total('chat_messaging_coalesced_reads_total'), 'coalesced reads'],
      ],
    },
    {
      title: 'Batching',
      unit: 'short',
      about: 'Commands in a turn, decisions in an append: it grows under load, and CPU a message falls.',
      queries: [
        [mean('chat_messaging_turn_commands'), 'a turn'],
        [mean('chat_messaging_journal_append_decisions'), 'an append'],
      ],
    },
    {
      title: 'Journal bytes a decision',
      unit: 'bytes',
      about: 'Compressed.',
      queries: [
        [
          `${total('chat_messaging_journal_append_bytes_sum')} / ${total('chat_messaging_journal_append_decisions_sum')}`,
          'bytes',
        ],
      ],
    },
  ],
};

const ownership: Dashboard = {
  uid: 'chat-messaging-ownership',
  title: 'Ownership',
  panels: [
    {
      title: 'Shards by instance',
      unit: 'short',
      about: 'They add up to SHARDS; less means that some chats are not served.',
      queries: [
        [`sum by (instance) (chat_messaging_shards_owned{${at}})`, '{{instance}}'],
        ['sum(chat_messaging_shards_owned)', 'served'],
        ['max(chat_messaging_shards)', 'of'],
      ],
    },
    {
      title: 'Sessions',
      unit: 'short',
      about: 'Begun, lost (fenced or without the store), cut off from the broker; in 5 minutes.',
      queries: [[`sum by (event) (increase(chat_messaging_sessions_total{${at}}[5m]))`, '{{event}}']],
    },
    {
      title: 'Sessions fenced',
      unit: 'short',
      about: 'Of instances that had gone silent; in 5 minutes.',
      queries: [[`sum(increase(chat_messaging_sessions_fenced_total{${at}}[5m]))`, 'fenced']],
    },
    {
      title: 'Shards taken and handed back',
      unit: 'short',
      about: 'In 5 minutes. Quiet unless instances come and go.',
      queries: [[`sum by (move) (increase(chat_messaging_shard_moves_total{${at}}[5m]))`, '{{move}}']],
    },
    {
      title: 'Taking a shard',
      unit: 's',
      about: 'Since the instances began: replay of the former owner and its events included. Too rare for a rate.',
      queries: [
        [sinceStart(0.5, 'chat_messaging_shard_take_duration_seconds'), 'p50'],
        [sinceStart(0.99, 'chat_messaging_shard_take_duration_seconds'), 'p99'],
      ],
    },
    {
      title: 'Decisions replayed',
      unit: 'short',
      about: 'Written and announced once more for former owners; in 5 minutes.',
      queries: [[`sum(increase(chat_messaging_replayed_decisions_total{${at}}[5m]))`, 'replayed']],
    },
    {
      title: 'Ownership checks per second',
      unit: 'short',
      about: 'Appends to the journal: each proves that the session still owns what it decides.',
      queries: [[total('chat_messaging_journal_append_duration_seconds_count'), 'appends']],
    },
    {
      title: 'Open journal groups',
      unit: 'short',
      about: 'Journaled, not yet projected and announced; at most 250. Carried ones were in the way.',
      queries: [
        [`sum by (instance) (chat_messaging_journal_open_groups{${at}})`, '{{instance}}'],
        [total('chat_messaging_journal_carried_total'), 'carried per second'],
      ],
    },
    {
      title: 'Forwards per second',
      unit: 'short',
      about: 'To the home shard of a chat; from the siblings’ queue.',
      queries: [
        [total('chat_messaging_commands_forwarded_total'), 'forwarded'],
        [total('chat_messaging_commands_ingested_total'), 'from the siblings'],
      ],
    },
    {
      title: 'Broker connections',
      unit: 'short',
      about: '1 while it is up.',
      queries: [
        [`min by (instance, connection) (chat_messaging_broker_connected{${at}})`, '{{instance}} {{connection}}'],
      ],
    },
    {
      title: 'Repeats',
      unit: 'short',
      about: 'Repeated commands, events sent again, answers that came too late; per second.',
      queries: [
        [
          `${total('chat_messaging_commands_settled_total', '', 'outcome="repeated"')} or vector(0)`,
          'repeated commands',
        ],
        [total('chat_messaging_events_resent_total'), 'events resent'],
        [total('chat_messaging_stale_settles_total'), 'stale answers'],
      ],
    },
    {
      title: 'Store trouble',
      unit: 'short',
      about: 'Writes sent again and failed requests, per second.',
      queries: [
        [total('chat_messaging_projection_retries_total'), 'projections again'],
        [`${total('db_client_operation_duration_count', '', 'error_type!=""')} or vector(0)`, 'failed requests'],
      ],
    },
  ],
};

const policy: Dashboard = {
  uid: 'chat-messaging-policy',
  title: 'Policy',
  panels: [
    {
      title: 'Decisions per second',
      unit: 'short',
      about: 'By effect.',
      queries: [[total('chat_messaging_policy_decisions_total', 'effect'), '{{effect}}']],
    },
    {
      title: 'Decisions by action',
      unit: 'short',
      about: 'Per second.',
      queries: [[total('chat_messaging_policy_decisions_total', 'action'), '{{action}}']],
    },
    {
      title: 'Denials by action',
      unit: 'short',
      about: 'Per second.',
      queries: [[total('chat_messaging_policy_decisions_total', 'action', 'effect="deny"'), '{{action}}']],
    },
    spread(
      'Time of a batch',
      'chat_messaging_policy_duration_seconds',
      'All questions of one pass of the policy actor.',
    ),
    {
      title: 'Undecided questions',
      unit: 'short',
      about: 'Per second. They are asked again; nothing is permitted meanwhile.',
      queries: [[total('chat_messaging_policy_failures_total'), 'undecided']],
    },
    {
      title: 'Shadow policy: disagreements by rule',
      unit: 'short',
      about:
        'Per second: the rule in force, then the one that would have decided otherwise. Nothing while there is no shadow.',
      queries: [
        [
          total('chat_messaging_policy_shadow_disagreements_total', 'live_rule, shadow_rule'),
          '{{live_rule}} → {{shadow_rule}}',
        ],
      ],
    },
    {
      title: 'Policy sets and the shadow',
      unit: 'short',
      about:
        'In 5 minutes: sets that came into force or were refused; decisions that the shadow was not asked about, or could not make.',
      queries: [
        [`sum by (role, result) (increase(chat_messaging_policy_loads_total{${at}}[5m]))`, '{{role}}: {{result}}'],
        [`sum(increase(chat_messaging_policy_shadow_skipped_total{${at}}[5m]))`, 'skipped'],
        [`sum(increase(chat_messaging_policy_shadow_failures_total{${at}}[5m]))`, 'failed'],
      ],
    },
  ],
};

export const dashboards: readonly Dashboard[] = [overview, latency, ownership, policy];
