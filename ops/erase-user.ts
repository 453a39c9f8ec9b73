/** Erases everything that a user has written, and says what was done (docs/operations.md):
 *
 *  npm run -s erase-user -- --user 7 --report erased-7.json [--url http://127.0.0.1:8002] [--all-chats]
 *
 *  Sends TOKEN, which names the user `system`; without one it makes one with the service's key, found as the service finds it.
 *  The report is written after every step. Started again with the report of a run that did not end, it goes on from there. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { systemSender } from '../src/domain/chat/system-sender.ts';
import { parseUserId, type UserId } from '../src/domain/ids.ts';
import type { Config } from '../src/infrastructure/config/config.ts';
import { loadConfig } from '../src/infrastructure/config/load-config.ts';
import { issueToken } from '../src/infrastructure/http/issue-token.ts';
import { tokenRulesOf } from '../src/token-rules.ts';
import { addStep, type ErasureReport, type ErasureStepJson, newReport, readReport } from './erasure-report.ts';

/** Ends it with a sentence in place of a stack. */
class Stop extends Error {}

const usage =
  'Say whom and where to: npm run -s erase-user -- --user ID --report FILE [--url http://127.0.0.1:8002] [--all-chats]';

const options = {
  user: { type: 'string' },
  report: { type: 'string' },
  url: { type: 'string' },
  'all-chats': { type: 'boolean', default: false },
} as const;

const tokenTtlSeconds = 3600;
/** Each try waits twice as long as the one before: together a good minute. */
const attempts = 8;
const firstPauseMs = 500;

const parsed = () => {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new Stop(`${(error as Error).message} ${usage}`);
  }
};

const run = async (): Promise<void> => {
  const { user, report: file, url: given, 'all-chats': allChats } = parsed();
  const userId = parseUserId(user ?? '');
  if (userId === undefined || file === undefined) throw new Stop(usage);
  const config = loadConfig(process.env);
  const base = given ?? `http://${config.http.host}:${config.http.port}`;
  const url = `${base.replace(/\/$/, '')}/v1/users/${encodeURIComponent(userId)}/erasure`;
  let report = begin(file, userId, allChats);
  while (!report.done) {
    const step = await send(url, { next: report.next ?? undefined, all_chats: allChats }, () => token(config));
    report = addStep(report, step, new Date());
    save(file, report);
    const { erased, already_erased } = report;
    console.error(`${erased} messages erased in ${report.chats.length} chats, ${already_erased} had been before`);
  }
  console.error(`Done. What was done, chat by chat, stands in ${file}.`);
  if (report.failed.length === 0) return;
  throw new Stop(`${report.failed.length} chats refused: see "failed" in ${file}, put it right, and erase again.`);
};

const begin = (file: string, userId: UserId, allChats: boolean): ErasureReport => {
  if (!existsSync(file)) return newReport(userId, allChats, new Date());
  const found = readReport(readFileSync(file, 'utf8'));
  if (found === undefined || found.user_id !== userId || found.all_chats !== allChats)
    throw new Stop(`${file} is no report of this erasure: name another file, or say the same --user and --all-chats.`);
  if (found.done) throw new Stop(`${file} is the report of an erasure that is done: name another file to do it again.`);
  console.error(`Going on with the erasure that began at ${found.began_at}.`);
  return found;
};

/** Whole or not at all: a run may be stopped at any moment. */
const save = (file: string, report: ErasureReport): void => {
  writeFileSync(`${file}.part`, `${JSON.stringify(report, null, 2)}\n`);
  renameSync(`${file}.part`, file);
};

const token = async (config: Config): Promise<string> => {
  if (process.env.TOKEN !== undefined) return process.env.TOKEN;
  const { keys, algorithm, ...claims } = tokenRulesOf(config);
  if ('shared' in keys) return issueToken(keys.shared, systemSender, tokenTtlSeconds, algorithm, claims);
  throw new Stop('JWKS_URL is set: have a token of the user `system` signed, and give it as TOKEN.');
};

const send = async (url: string, body: object, makeToken: () => Promise<string>): Promise<ErasureStepJson> => {
  for (let attempt = 1; ; attempt++) {
    const answer = await post(url, body, await makeToken());
    if (typeof answer !== 'string') return answer;
    if (attempt === attempts) throw new Stop(`${answer} Start it again with the same report to go on.`);
    console.error(`${answer} Trying again.`);
    await sleep(firstPauseMs * 2 ** (attempt - 1));
  }
};

/** The step, or a sentence about a failure that may heal. */
const post = async (url: string, body: object, bearer: string): Promise<ErasureStepJson | string> => {
  const headers = { authorization: `Bearer ${bearer}`, 'content-type': 'application/json' };
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  } catch (error) {
    return `${url} cannot be reached (${(error as Error).cause ?? error}).`;
  }
  const text = await response.text();
  if (response.status === 200) return JSON.parse(text) as ErasureStepJson;
  const sentence = `${url} answered ${response.status}: ${text}`;
  if (response.status < 500 && response.status !== 429) throw new Stop(sentence);
  return sentence;
};

run().catch((error) => {
  console.error(error instanceof Stop ? error.message : error);
  process.exitCode = 1;
});
