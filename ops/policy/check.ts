import { CedarPolicyEngine } from '../../src/infrastructure/cedar/cedar-policy-engine.ts';
import { PolicyRefused } from '../../src/infrastructure/cedar/policy-source.ts';

export const folderOf = ([dir]: readonly string[]): string => dir ?? process.env.POLICY_DIR ?? './policies';

/** Exit code 1 when the service would refuse the folder. */
export const check = (args: readonly string[]): number => {
  const dir = folderOf(args);
  try {
    const { hash, rules } = CedarPolicyEngine.load(dir);
    console.log(`${dir}: ${rules.length} rules, policy set ${hash}`);
    return 0;
  } catch (error) {
    if (!(error instanceof PolicyRefused)) throw error;
    for (const problem of error.problems) console.error(problem);
    return 1;
  }
};
