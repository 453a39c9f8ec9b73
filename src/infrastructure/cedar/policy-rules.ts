import { type Policy, type PolicyJson, policySetTextToParts, policyToJson } from '@cedar-policy/cedar-wasm/nodejs';
import { type Action, everyAction } from '../../domain/access/access-request.ts';
import { isRejectCode, type RejectCode } from '../../domain/chat/rejection.ts';
import { type PolicyFile, placeIn } from './policy-source.ts';

/** One policy of a file. */
export type PolicyRule = {
  /** Its `@id`, or the file's name and its number from the top. Every message keeps those of its rules: short, and none of `/` `,`. */
  readonly id: string;
  /** file:line */
  readonly place: string;
  readonly effect: 'permit' | 'forbid';
  readonly policy: Policy;
  /** Those it can apply to. */
  readonly actions: readonly Action[] | 'all';
  /** Of a forbid: what a user is told. */
  readonly code: RejectCode;
  readonly reason: string;
};

const idForm = /^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$/;

/** The rules of a file that Cedar has found valid, from the top, and what is wrong with their annotations. */
export const rulesOf = (file: PolicyFile): { rules: readonly PolicyRule[]; problems: readonly string[] } => {
  const rules: PolicyRule[] = [];
  const problems: string[] = [];
  let from = 0;
  policyTexts(file).forEach((policy, index) => {
    const answer = policyToJson(policy);
    if (answer.type === 'failure') throw new Error(`${file.path}: a policy was valid in its file and is not alone`);
    const { effect, annotations = {} } = answer.json;
    // Cedar hands out each text as it stands in the file.
    const start = Math.max(from, file.text.indexOf(policy, from));
    from = start + policy.length;
    const { line, column } = placeIn(file.text, start);
    const problem = (sentence: string) => problems.push(`${file.path}:${line}:${column}: ${sentence}`);
    const id = annotations.id ?? `${baseName(file.path)}-${index + 1}`;
    const code = annotations.code ?? 'POLICY_DENIED';
    if (!idForm.test(id)) problem(`@id("${id}") must be 1 to 40 of A-Z a-z 0-9 . _ -, a letter or digit first.`);
    if (effect === 'permit' && 'code' in annotations) problem('@code belongs on a forbid, not on a permit.');
    if (!isRejectCode(code)) problem(`@code("${code}") is not one of the codes a command can be rejected with.`);
    else {
      const reason = annotations.reason ?? defaultReason(code);
      rules.push({ id, place: `${file.path}:${line}`, effect, policy, actions: actionsOf(answer.json), code, reason });
    }
  });
  return { rules, problems };
};

/** `all` where it is not sure: a rule too many costs time, one too few would be a hole. */
const actionsOf = ({ action }: PolicyJson): PolicyRule['actions'] => {
  const named = 'entity' in action ? [action.entity] : 'entities' in action ? action.entities : [];
  const ids = named.map((entity) => ('id' in entity ? entity.id : entity.__entity.id));
  const known = everyAction.filter((one) => ids.includes(one));
  return ids.length > 0 && known.length === new Set(ids).size ? known : 'all';
};

/** Two rules of one name: receipts could not tell them apart. */
export const repeatedIds = (rules: readonly PolicyRule[]): readonly string[] => {
  const places = new Map<string, string>();
  return rules.flatMap(({ id, place }) => {
    const first = places.get(id);
    if (first === undefined) places.set(id, place);
    return first === undefined ? [] : [`${place}: the id ${id} is taken by the rule at ${first}.`];
  });
};

export const defaultReason = (code: RejectCode): string =>
  code === 'POLICY_DENIED' ? 'The policy does not permit this.' : `The policy forbids this: ${code}.`;

const baseName = (path: string): string =>
  path
    .replace(/^.*[/\\]|\.cedar$/g, '')
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .slice(0, 30);

/** Cedar hands the policies out sorted by the *text* of their numbers: 0, 1, 10, 11, 2 … */
const policyTexts = ({ path, text }: PolicyFile): string[] => {
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure') throw new Error(`${path}: a valid policy file could not be taken apart`);
  const numbers = parts.policies.map((_, index) => index).sort((a, b) => (String(a) < String(b) ? -1 : 1));
  const inOrder: string[] = [];
  parts.policies.forEach((policy, index) => {
    inOrder[numbers[index]!] = policy;
  });
  return inOrder;
};
