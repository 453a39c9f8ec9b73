import { type Policy, policySetTextToParts, policyToJson } from '@cedar-policy/cedar-wasm/nodejs';
import { isRejectCode, type RejectCode } from '../../domain/chat/rejection.ts';
import type { PolicyFile } from './policy-source.ts';

/** One policy of a file. `id` names it in errors: its file and its number from the top. */
export type PolicyRule = {
  readonly id: string;
  readonly policy: Policy;
  /** Of a forbid: what a user is told. */
  readonly code: RejectCode;
  readonly reason: string;
};

/** The rules of a file that Cedar has found valid, from the top, and what is wrong with their annotations. */
export const rulesOf = (file: PolicyFile): { rules: readonly PolicyRule[]; problems: readonly string[] } => {
  const rules: PolicyRule[] = [];
  const problems: string[] = [];
  policyTexts(file).forEach((policy, index) => {
    const answer = policyToJson(policy);
    if (answer.type === 'failure') throw new Error(`${file.path}: a policy was valid in its file and is not alone`);
    const { effect, annotations = {} } = answer.json;
    const id = `${file.path} #${index + 1}`;
    const code = annotations.code ?? 'POLICY_DENIED';
    if (effect === 'permit' && 'code' in annotations)
      problems.push(`${id}: @code belongs on a forbid, not on a permit.`);
    if (!isRejectCode(code))
      problems.push(`${id}: @code("${code}") is not one of the codes a command can be rejected with.`);
    else rules.push({ id, policy, code, reason: annotations.reason ?? defaultReason(code) });
  });
  return { rules, problems };
};

export const defaultReason = (code: RejectCode): string =>
  code === 'POLICY_DENIED' ? 'The policy does not permit this.' : `The policy forbids this: ${code}.`;

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
