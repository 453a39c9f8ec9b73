import { chatIdAt } from '../../../bench/load.ts';
import { publishPoison } from '../dead-letters.ts';
import type { Violation } from '../findings.ts';
import type { Scenario, Stage } from '../scenario.ts';

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

const untampered = (name: string, mustFind: Violation, hide: (stage: Stage) => Promise<void>): Scenario => ({
  name: `proof: ${name}`,
  isShort: false,
  mustFind,
  tamper: (text) => [text],
  run: async (stage) => {
    await stage.pause(2);
    await hide(stage);
  },
});

/** Far above the logical timestamps that the service writes with. */
const lastWord = '4611686018427387904';

const stored = (name: string, mustFind: Violation, statement: string): Scenario =>
  untampered(name, mustFind, async ({ stack, producer }) => {
    await stack.cql(statement, [lastWord, chatIdAt(producer.load, 0)]);
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
  stored(
    'a stored message is lost',
    'lost',
    'DELETE FROM messages USING TIMESTAMP ? WHERE chat_id = ? AND bucket = 0 AND seq = 3',
  ),
  stored(
    'a stored message has another text',
    'unexpected',
    "UPDATE messages USING TIMESTAMP ? SET body = 'another text' WHERE chat_id = ? AND bucket = 0 AND seq = 3",
  ),
  stored(
    'a stored message has changed its place',
    'reordered',
    "UPDATE messages USING TIMESTAMP ? SET client_message_id = 'another' WHERE chat_id = ? AND bucket = 0 AND seq = 3",
  ),
  untampered('a dead letter is lost', 'lost', async (stage) => {
    stage.poison.push('never-sent');
  }),
  untampered('a command becomes a dead letter', 'unexpected', async (stage) => {
    await publishPoison(stage.stack.rabbitmqUrl(), chatIdAt(stage.producer.load, 0), 'not-announced');
  }),
  // The last one: that queue stays.
  untampered('a command is never acked', 'unexpected', (stage) => stage.stack.forgetCommand()),
];
