/** What a step of the service is, as seen from its drivers (kill-at.ts knows how to recognise each). */
export type Step =
  | 'delivery'
  | 'append'
  | 'projection'
  | 'event'
  | 'confirm'
  | 'ack'
  | 'dead letter'
  | 'session'
  | 'fence'
  | 'event again'
  | 'claim'
  | 'retirement'
  | 'clearing'
  | 'release';

/** What the process is doing then: the same step means something else while it takes shards over, or leaves. */
export type During = 'serving' | 'taking' | 'leaving';

export type Boundary = {
  readonly name: string;
  readonly during: During;
  readonly when: 'before' | 'after';
  readonly step: Step;
  /** One of the few that --short walks. */
  readonly isShort: boolean;
};

const at = (during: During, when: 'before' | 'after', step: Step, isShort = false): Boundary => ({
  name: `${during}, ${when} ${step}`,
  during,
  when,
  step,
  isShort,
});

/** Every place between two steps where a process can end and leave something half done (DESIGN §5, §6). */
export const boundaries: readonly Boundary[] = [
  at('serving', 'before', 'delivery'),
  at('serving', 'before', 'append'),
  // Journaled, not projected.
  at('serving', 'after', 'append', true),
  // Projected, not announced.
  at('serving', 'after', 'projection', true),
  // Written to the broker, not confirmed.
  at('serving', 'after', 'event', true),
  // Confirmed, not acked.
  at('serving', 'after', 'confirm'),
  at('serving', 'before', 'ack', true),
  at('serving', 'after', 'ack'),
  // In the dead-letter queue, not acked.
  at('serving', 'after', 'dead letter'),
  at('taking', 'before', 'session'),
  at('taking', 'after', 'session'),
  at('taking', 'before', 'fence'),
  at('taking', 'after', 'fence', true),
  // Of what the former owner left undone.
  at('taking', 'after', 'projection'),
  at('taking', 'after', 'event again', true),
  at('taking', 'before', 'claim'),
  at('taking', 'after', 'claim', true),
  at('taking', 'before', 'retirement'),
  at('taking', 'after', 'retirement'),
  at('taking', 'after', 'clearing'),
  at('leaving', 'before', 'release'),
  at('leaving', 'after', 'release', true),
  at('leaving', 'before', 'fence'),
  at('leaving', 'after', 'fence'),
];
