/** Commands that the service could not handle: look at them, send them again, throw them away (docs/operations.md).
 *
 *  npm run -s dead-letters -- list [--limit 1000]
 *  npm run -s dead-letters -- show ID
 *  npm run -s dead-letters -- replay ID… | --all
 *  npm run -s dead-letters -- discard ID… --yes
 *
 *  Reads RABBITMQ_URL. --queue and --exchange name others than chat.dead-letter and chat.commands. */
import { parseArgs } from 'node:util';
import { ourNames } from '../src/infrastructure/amqp/amqp-broker.ts';
import type { DeadLetter } from '../src/infrastructure/amqp/dead-letter.ts';
import { mostAtOnce } from '../src/infrastructure/amqp/dead-letter-look.ts';
import { DeadLetterQueue, type Verdict } from '../src/infrastructure/amqp/dead-letter-queue.ts';
import { loadConfig } from '../src/infrastructure/config/load-config.ts';
import { SystemClock } from '../src/infrastructure/system/system-clock.ts';
import { details, type Row, rowOf, table } from './dead-letters-report.ts';

/** Ends it with a sentence in place of a stack. */
class Stop extends Error {}

const usage =
  'Say what to do: list [--limit N], show ID, replay ID… or --all, discard ID… --yes (after "npm run -s dead-letters --").';

const options = {
  all: { type: 'boolean', default: false },
  yes: { type: 'boolean', default: false },
  limit: { type: 'string', default: '1000' },
  queue: { type: 'string', default: ourNames.deadLetters },
  exchange: { type: 'string', default: ourNames.commands },
} as const;

const parsed = () => {
  try {
    return parseArgs({ options, allowPositionals: true });
  } catch (error) {
    throw new Stop(`${(error as Error).message} ${usage}`);
  }
};

const run = async (): Promise<void> => {
  const { values, positionals } = parsed();
  const [action, ...ids] = positionals;
  check(action, ids, values);
  const { rabbitmq } = loadConfig(process.env);
  if (rabbitmq === undefined)
    throw new Stop('Set RABBITMQ_URL: the broker inside the process keeps no dead letters over its end.');
  const names = { commands: values.exchange, deadLetters: values.queue };
  const queue = await DeadLetterQueue.open(rabbitmq, names, new SystemClock());
  try {
    if (action === 'list') await list(queue, Number(values.limit));
    else if (action === 'show') await show(queue, ids);
    else if (action === 'replay') await replay(queue, ids, values.all);
    else await discard(queue, ids, values.yes);
  } finally {
    await queue.close();
  }
};

const check = (action: string | undefined, ids: readonly string[], values: { all: boolean; limit: string }): void => {
  if (action === undefined || !['list', 'show', 'replay', 'discard'].includes(action)) throw new Stop(usage);
  if (values.all && action !== 'replay') throw new Stop(`--all belongs to replay. ${usage}`);
  if (!/^[1-9]\d{0,8}$/.test(values.limit)) throw new Stop('--limit must be a whole number from 1.');
  if (action === 'list' ? ids.length > 0 : values.all === ids.length > 0) throw new Stop(usage);
};

const list = async (queue: DeadLetterQueue, limit: number): Promise<void> => {
  const rows: Row[] = [];
  let more = false;
  const { beyond } = await queue.walk((letter) => {
    more = rows.length === limit;
    if (more) return 'stop';
    rows.push(rowOf(letter));
    return 'keep';
  });
  console.log(rows.length === 0 ? 'No dead letters.' : table(rows));
  if (more) console.log(`There are more; these are the first ${limit}. See more with --limit.`);
  else tellBeyond(beyond);
};

const show = async (queue: DeadLetterQueue, ids: readonly string[]): Promise<void> => {
  await chosen(queue, ids, (letter) => {
    console.log(details(letter));
    return 'keep';
  });
};

const replay = async (queue: DeadLetterQueue, ids: readonly string[], all: boolean): Promise<void> => {
  // A verdict is carried out before the next letter is looked at: what was asked for last is not yet told as done.
  let asked: string | undefined;
  let replayed = 0;
  const told = () => {
    if (asked !== undefined) console.log(`${asked} replayed`);
    if (asked !== undefined) replayed++;
    asked = undefined;
  };
  const send = (letter: DeadLetter): Verdict => {
    told();
    if (!letter.decoded.ok) {
      console.error(
        `${letter.id} not replayed: it cannot be read as a command (${letter.decoded.reason}). Look at it with show, then discard it.`,
      );
      process.exitCode = 1;
      return 'keep';
    }
    asked = letter.id;
    return 'replay';
  };
  const beyond = all ? (await queue.walk(send)).beyond : await chosen(queue, ids, send);
  told();
  console.log(`${replayed} replayed`);
  if (all) tellBeyond(beyond);
};

const discard = async (queue: DeadLetterQueue, ids: readonly string[], sure: boolean): Promise<void> => {
  const rows: Row[] = [];
  await chosen(queue, ids, (letter) => {
    rows.push(rowOf(letter));
    return sure ? 'discard' : 'keep';
  });
  if (rows.length > 0) console.log(table(rows));
  if (sure) return console.log(`${rows.length} discarded`);
  throw new Stop('Nothing was discarded. Discarded commands are gone for ever: say --yes to do it.');
};

const tellBeyond = (beyond: number): void => {
  if (beyond === 0) return;
  console.error(
    `A look ends after ${mostAtOnce} letters, and ${beyond} more lie behind them. Do it again when these are gone.`,
  );
  process.exitCode = 1;
};

/** The chosen letters in the order of the queue, whatever the order of the ids. Those that are not there are told at the end.
 *  Resolves with how many letters lie where no look reaches. */
const chosen = async (
  queue: DeadLetterQueue,
  ids: readonly string[],
  visit: (letter: DeadLetter) => Verdict,
): Promise<number> => {
  const wanted = new Set(ids);
  const { beyond } = await queue.walk((letter) => {
    if (wanted.size === 0) return 'stop';
    return wanted.delete(letter.id) ? visit(letter) : 'keep';
  });
  if (wanted.size === 0) return beyond;
  const where =
    beyond === 0 ? 'in the queue' : `among the first ${mostAtOnce} in the queue (${beyond} more lie behind them)`;
  console.error(`Not ${where}: ${[...wanted].join(' ')}. See what there is with list.`);
  process.exitCode = 1;
  return beyond;
};

run().catch((error: unknown) => {
  const expected =
    error instanceof Stop || ['ConfigError', 'BrokerRefused', 'DeadLettersFailed'].includes((error as Error).name);
  console.error(expected ? (error as Error).message : error);
  process.exitCode = 1;
});
