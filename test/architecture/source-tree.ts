import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';

const config = createRequire(import.meta.url)('../../.dependency-cruiser.cjs');

export const ruleNames: readonly string[] = config.forbidden.map((rule: { name: string }) => rule.name);

/** Files by path. What an import leads to is written as an import, relative paths and packages alike. */
export type SourceTree = Readonly<Record<string, string>>;

/** The packages that the tree's package.json names; all are installed. */
export type Packages = { readonly dependencies: readonly string[]; readonly devDependencies: readonly string[] };

/** Violations as `rule: file`; a cycle counts for each of its files. */
export const violationsIn = async (tree: SourceTree, packages: Packages): Promise<string[]> => {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'source-tree-')));
  try {
    for (const [path, text] of Object.entries(tree)) write(dir, path, text);
    installPackages(dir, packages);
    const { output } = await cruise(
      ['src', 'actors'],
      { ...config.options, ruleSet: { forbidden: config.forbidden }, validate: true, baseDir: dir },
      config.options.enhancedResolveOptions,
    );
    return (output as ICruiseResult).summary.violations.flatMap(({ rule, from, cycle }) =>
      (cycle?.map(({ name }) => name) ?? [from]).map((file) => `${rule.name}: ${file}`),
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
};

const installPackages = (dir: string, packages: Packages): void => {
  const named = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, '1']));
  const { dependencies, devDependencies } = packages;
  write(
    dir,
    'package.json',
    JSON.stringify({ dependencies: named(dependencies), devDependencies: named(devDependencies) }),
  );
  for (const name of [...dependencies, ...devDependencies]) {
    write(dir, `node_modules/${name}/package.json`, JSON.stringify({ name, version: '1.0.0', exports: './index.js' }));
    write(dir, `node_modules/${name}/index.js`, 'export default 0;');
  }
};

const write = (dir: string, path: string, text: string): void => {
  mkdirSync(dirname(join(dir, path)), { recursive: true });
  writeFileSync(join(dir, path), text);
};
