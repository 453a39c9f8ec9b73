import { CedarPolicyEngine } from '../../src/infrastructure/cedar/cedar-policy-engine.ts';
import { failuresOf, readCases } from './cases.ts';
import { check, folderOf } from './check.ts';

/** Exit code 1 when a case fails, or the folder is not good. */
export const runCases = (args: readonly string[]): number => {
  const checked = check(args);
  if (checked !== 0) return checked;
  const dir = folderOf(args);
  const engine = CedarPolicyEngine.load(dir);
  const cases = readCases(dir);
  const failures = cases.map((one) => failuresOf(engine, one));
  for (const sentence of failures.flat()) console.error(sentence);
  const failed = failures.filter(({ length }) => length > 0).length;
  console.log(`${cases.length - failed} cases passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
};
