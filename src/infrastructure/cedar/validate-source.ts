import { checkParseContext, checkParseSchema, validate } from '@cedar-policy/cedar-wasm/nodejs';
import { everyAction, strangersFacts } from '../../domain/access/access-request.ts';
import { type PolicyRule, repeatedIds, rulesOf } from './policy-rules.ts';
import { type PolicyFile, PolicyRefused, type PolicySource } from './policy-source.ts';
import { oncePerPlace, problemSentence } from './problem-sentence.ts';

/** All rules, in the order of files and lines. Throws PolicyRefused with everything that is wrong in any file. */
export const validateSource = ({ schema, policies }: PolicySource): readonly PolicyRule[] => {
  const schemaProblems = problemsOfSchema(schema);
  if (schemaProblems.length > 0) throw new PolicyRefused(schemaProblems);

  const rules: PolicyRule[] = [];
  const problems: string[] = [];
  for (const file of policies) {
    const cedarProblems = problemsOfPolicies(file, schema);
    problems.push(...cedarProblems);
    if (cedarProblems.length > 0) continue;
    const ofFile = rulesOf(file);
    rules.push(...ofFile.rules);
    problems.push(...ofFile.problems);
  }
  problems.push(...repeatedIds(rules));
  if (problems.length > 0) throw new PolicyRefused(problems);
  return rules;
};

/** The schema must be sound, and must know every action that the domain asks about with the facts that the domain states:
 *  requests are not checked again one by one. */
const problemsOfSchema = (schema: PolicyFile): string[] => {
  const parsed = checkParseSchema(schema.text);
  if (parsed.type === 'failure') return parsed.errors.map((error) => problemSentence(schema, error));
  return everyAction.flatMap((id) => {
    const answer = checkParseContext({ context: strangersFacts, schema: schema.text, action: { type: 'Action', id } });
    if (answer.type === 'success') return [];
    return answer.errors.map((error) => `${schema.path}: the facts of ${id} do not fit: ${error.message}.`);
  });
};

/** A warning counts as well: a rule that can never apply is a rule that its author believes in. */
const problemsOfPolicies = (file: PolicyFile, schema: PolicyFile): string[] => {
  const answer = validate({
    schema: schema.text,
    policies: { staticPolicies: file.text },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure') return answer.errors.map((error) => problemSentence(file, error));
  const { validationErrors, validationWarnings } = answer;
  const found = validationErrors.length > 0 ? validationErrors : validationWarnings;
  return oncePerPlace(found.map(({ error }) => error)).map((error) => problemSentence(file, error));
};
