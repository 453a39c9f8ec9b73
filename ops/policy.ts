/** npm run policy -- check [DIR] | test [DIR] | explain …: looks at policies, tries their cases, and says who may what (docs/policy.md). */
import { check } from './policy/check.ts';
import { explain } from './policy/explain.ts';
import { runCases } from './policy/run-cases.ts';

const usage = `npm run policy -- check [DIR]     what is wrong with the policies, as file:line:column
npm run policy -- test [DIR]      plays DIR/tests/*.yaml
npm run policy -- explain --user U --action A [--chat C] [--seq N] [--about U] [--new-role R] [--for-me]
                                  asks the running service: --url URL (default: as configured here), TOKEN or a token of "system"
npm run policy -- explain --action A --facts '{"is_member":true,"role":"member"}' [--dir DIR]
                                  asks the files; facts that are not given are a stranger's

DIR is POLICY_DIR, or ./policies.`;

const commands: Readonly<Record<string, (args: readonly string[]) => Promise<number> | number>> = {
  check,
  test: runCases,
  explain,
};

const [name = '', ...args] = process.argv.slice(2);
const command = commands[name];
if (command === undefined) {
  console.error(usage);
  process.exit(2);
}
try {
  process.exitCode = await command(args);
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exitCode = 2;
}
