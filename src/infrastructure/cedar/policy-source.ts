import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** One file of a policy folder. `path` is as people may open it, for messages. */
export type PolicyFile = { readonly path: string; readonly text: string };

export type PolicySource = { readonly schema: PolicyFile; readonly policies: readonly PolicyFile[] };

/** Names a policy set in receipts and logs: 48 bits over names and texts, the same on every instance that has the same files. */
export const hashOf = ({ schema, policies }: PolicySource): string => {
  const hash = createHash('sha256');
  for (const { path, text } of [schema, ...policies]) hash.update(JSON.stringify([basename(path), text]));
  return hash.digest('base64url').slice(0, 8);
};

/** `offset` in UTF-16 units; both count from 1. */
export const placeIn = (text: string, offset: number): { line: number; column: number } => {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: before[before.length - 1]!.length + 1 };
};

export const schemaFileName = 'schema.cedarschema';

/** A folder of policies that cannot be used as it is. Every problem is one sentence that names its file. */
export class PolicyRefused extends Error {
  override readonly name = 'PolicyRefused';
  readonly problems: readonly string[];
  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(problems.join('\n'), options);
    this.problems = problems;
  }
}

/** Reads `schema.cedarschema` and every `*.cedar` file of a folder, in the order of their names. Throws PolicyRefused. */
export const readPolicySource = (dir: string): PolicySource => {
  const names = listFiles(dir)
    .filter((name) => name.endsWith('.cedar'))
    .sort();
  if (names.length === 0)
    throw new PolicyRefused([`${dir} has no policy file (*.cedar); without one everything is denied.`]);
  return { schema: readPolicyFile(dir, schemaFileName), policies: names.map((name) => readPolicyFile(dir, name)) };
};

const listFiles = (dir: string): string[] => {
  try {
    return readdirSync(dir);
  } catch (error) {
    throw new PolicyRefused([`The policy folder ${dir} cannot be read: ${(error as Error).message}.`], {
      cause: error,
    });
  }
};

const readPolicyFile = (dir: string, name: string): PolicyFile => {
  const path = join(dir, name);
  try {
    return { path, text: readFileSync(path, 'utf8') };
  } catch (error) {
    throw new PolicyRefused([`${path} cannot be read: ${(error as Error).message}.`], { cause: error });
  }
};
