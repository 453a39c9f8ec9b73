import { copyFileSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const shippedPolicies = new URL('../../../policies/', import.meta.url).pathname;

/** A folder with the shipped schema and these files; a file named like the schema replaces it. */
export const policyFolder = (files: Readonly<Record<string, string>>): string => {
  const dir = mkdtempSync(join(tmpdir(), 'policies-'));
  copyFileSync(join(shippedPolicies, 'schema.cedarschema'), join(dir, 'schema.cedarschema'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
  return dir;
};
