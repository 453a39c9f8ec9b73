import { parseArgs } from 'node:util';
import type { z } from 'zod';
import { type Action, everyAction, type Facts, strangersFacts } from '../../src/domain/access/access-request.ts';
import { systemSender } from '../../src/domain/chat/system-sender.ts';
import { CedarPolicyEngine } from '../../src/infrastructure/cedar/cedar-policy-engine.ts';
import { developmentKey } from '../../src/infrastructure/config/development-key.ts';
import { loadConfig } from '../../src/infrastructure/config/load-config.ts';
import { issueToken } from '../../src/infrastructure/http/issue-token.ts';
import { type accessExplainedSchema, factsSchema } from '../../src/interface-adapters/http/policy.schema.ts';
import { folderOf } from './check.ts';

type Explained = z.output<typeof accessExplainedSchema>;

const options = {
  user: { type: 'string' },
  action: { type: 'string' },
  chat: { type: 'string' },
  seq: { type: 'string' },
  about: { type: 'string' },
  'new-role': { type: 'string' },
  'for-me': { type: 'boolean' },
  facts: { type: 'string' },
  dir: { type: 'string' },
  url: { type: 'string' },
} as const;

/** Exit code 0 when it is permitted, 1 when it is denied. */
export const explain = async (args: readonly string[]): Promise<number> => {
  const { values } = parseArgs({ args: [...args], options });
  const { action } = values;
  if (!isAction(action)) throw new Error(`--action must be one of ${everyAction.join(', ')}`);
  const explained =
    values.facts === undefined
      ? await askService(values, action)
      : askFiles(folderOf(values.dir === undefined ? [] : [values.dir]), action, values.facts);
  console.log(textOf(action, explained));
  return explained.effect === 'permit' ? 0 : 1;
};

const isAction = (text: string | undefined): text is Action => everyAction.some((action) => action === text);

const askFiles = (dir: string, action: Action, given: string): Explained => {
  const parsed = factsSchema.partial().strict().safeParse(JSON.parse(given));
  if (!parsed.success)
    throw new Error(parsed.error.issues.map(({ path, message }) => `--facts ${path.join('.')}: ${message}`).join('\n'));
  const facts = { ...strangersFacts, ...parsed.data } as Facts;
  const engine = CedarPolicyEngine.load(dir);
  const word = engine.decide({ action, facts });
  const refusal = word.effect === 'deny' ? word : undefined;
  return {
    effect: word.effect,
    code: refusal?.code ?? null,
    reason: refusal?.reason ?? null,
    policy: engine.hash,
    rules: engine.rules.filter(({ id }) => word.basis?.rules.includes(id)),
    facts,
  };
};

type Asked = { [Name in keyof typeof options]?: string | boolean | undefined };

const askService = async (values: Asked, action: Action): Promise<Explained> => {
  if (values.user === undefined) throw new Error('--user must say who would do it (or give --facts)');
  const { auth, dataDir, http } = loadConfig(process.env);
  const url = values.url ?? `http://${http.host === '0.0.0.0' ? '127.0.0.1' : http.host}:${http.port}`;
  const token =
    process.env.TOKEN ?? (await issueToken(auth.key ?? developmentKey(dataDir), systemSender, 60, auth.algorithm));
  const body = {
    user_id: values.user,
    action,
    chat_id: values.chat,
    seq: values.seq === undefined ? undefined : Number(values.seq),
    about_user_id: values.about,
    new_role: values['new-role'],
    for_everyone: values['for-me'] === true ? false : undefined,
  };
  const answer = await fetch(`${url}/v1/policy/explain`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
  return JSON.parse(text);
};

const textOf = (action: Action, { effect, code, reason, policy, rules, facts }: Explained): string => {
  const verdict = effect === 'permit' ? `${action}: permitted` : `${action}: denied, ${code}: ${reason}`;
  const by = rules.map(({ id, effect: kind, place }) => `  ${kind.padEnd(6)}  ${id}  (${place})`);
  const known = Object.entries(facts).map(([name, value]) => `  ${name.padEnd(12)}  ${value}`);
  return [
    verdict,
    `by, in policy set ${policy}:`,
    ...(by.length > 0 ? by : ['  no rule: what nothing permits is denied']),
    'with the facts:',
    ...known,
  ].join('\n');
};
