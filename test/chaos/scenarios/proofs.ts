import type { Violation } from '../findings.ts';
import type { Scenario } from '../scenario.ts';

type Event = { rev: number; event_id: string; chat_id: string; body?: string };

const victimRev = 5;
const isVictim = ({ chat_id, rev }: Event, atRev = victimRev): boolean => chat_id.endsWith('-0') && rev === atRev;

const proof = (
  name: string,
  mustFind: Violation,
  tamper: (event: Event, text: string) => readonly string[],
): Scenario => ({
  name: `proof: ${name}`,
  isShort: false,
  mustFind,
  tamper: (text) => tamper(JSON.parse(text), text),
  run: (stage) => stage.pause(2),
});

let held: Event | undefined;

/** The checker must see each of these, or its zeros mean nothing. */
export const proofs: readonly Scenario[] = [
  proof('an event is lost', 'lost', (event, text) => (isVictim(event) ? [] : [text])),
  proof('an event comes again with other bytes', 'doubled', (event, text) =>
    isVictim(event) ? [text, JSON.stringify({ ...event, body: 'another text' })] : [text],
  ),
  proof('a command becomes two entries', 'doubled', (event, text) =>
    isVictim(event) ? [text, JSON.stringify({ ...event, rev: event.rev + 1 })] : [text],
  ),
  proof('two entries change places', 'reordered', (event, text) => {
    if (isVictim(event)) {
      held = event;
      return [];
    }
    if (!isVictim(event, victimRev + 1)) return [text];
    return [JSON.stringify({ ...event, rev: victimRev }), JSON.stringify({ ...held, rev: victimRev + 1 })];
  }),
  proof('an event that nobody caused', 'unexpected', (event, text) =>
    isVictim(event) ? [text, JSON.stringify({ ...event, chat_id: 'somebody-else' })] : [text],
  ),
  {
    name: 'proof: a stored message is lost',
    isShort: false,
    mustFind: 'lost',
    tamper: (text) => [text],
    run: async (stage) => {
      await stage.pause(2);
      const chat = `bench-${stage.producer.load.run}-0`;
      // Far above the logical timestamps that the service writes with.
      const remove =
        'DELETE FROM messages USING TIMESTAMP 4611686018427387904 WHERE chat_id = ? AND bucket = 0 AND seq = 3';
      await stage.stack.cql(remove, [chat]);
    },
  },
];
