import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { expect, it } from 'vitest';

/** What docker-compose.yaml and docs/operations.md run in a container. */
const entryPoints = [
  'src/main.ts',
  'src/migrate.ts',
  'ops/docker/write-key.ts',
  'ops/token.ts',
  'ops/dead-letters.ts',
  'ops/erase-user.ts',
  'ops/policy.ts',
  'ops/export.ts',
  'ops/import.ts',
];

/** By .dockerignore: everything is left out but what is named with `!`, and of that what is named without. */
const imageHolds = (() => {
  const lines = readFileSync('.dockerignore', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
  const under = (folder: string, path: string) => path === folder || path.startsWith(`${folder}/`);
  return (path: string) =>
    lines.some((line) => line.startsWith('!') && under(line.slice(1), path)) &&
    !lines.some((line) => !/[!*]/.test(line) && under(line, path));
})();

const { dependencies, scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
const imports = /^(?:(?:import|export|\}).*\bfrom |import )'([^'\n]+)';$/gm;

/** Files and packages that are loaded with a file, itself included; types are not. */
const loadedBy = (file: string, found = new Set<string>()): Set<string> => {
  if (found.has(file)) return found;
  found.add(file);
  for (const [, name = ''] of stripTypeScriptTypes(readFileSync(file, 'utf8')).matchAll(imports)) {
    if (name.startsWith('.')) loadedBy(join(file, '..', name), found);
    else if (!name.startsWith('node:')) found.add(name.match(/^(@[^/]+\/)?[^/]+/)![0]);
  }
  return found;
};

it.each(entryPoints)('the image holds all that %s loads', (entryPoint) => {
  const missing = [...loadedBy(entryPoint)].filter((name) =>
    name.endsWith('.ts') ? !imageHolds(name) : !(name in dependencies),
  );
  expect(missing).toEqual([]);
});

it('the image starts the service as `npm start` does', () => {
  const [, command = ''] = /^CMD (\[.*\])$/m.exec(readFileSync('Dockerfile', 'utf8')) ?? [];
  expect(JSON.parse(command).join(' ')).toBe(scripts.start);
});
