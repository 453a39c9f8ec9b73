// licences.mjs: every package of the lockfile has a licence of the list; fails with those that have not. A choice ("A OR B") needs
// one of them, a conjunction all.
import { readFileSync } from 'node:fs';

const allowed = new Set([
  ...['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'BlueOak-1.0.0'],
  ...['CC0-1.0', 'CC-BY-4.0', 'Unlicense', 'Python-2.0', 'MPL-2.0', 'Zlib'],
]);

const isAllowed = (licence) =>
  licence
    .replace(/[()]/g, '')
    .split(/ OR /)
    .some((choice) => choice.split(/ AND /).every((one) => allowed.has(one.trim())));

const licenceOf = (path, { license }) => {
  if (license !== undefined) return license;
  try {
    const { license: own, licenses } = JSON.parse(readFileSync(`${path}/package.json`, 'utf8'));
    return own?.type ?? own ?? licenses?.[0]?.type ?? 'none';
  } catch {
    return 'unknown (not installed)';
  }
};

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
const found = Object.entries(packages).flatMap(([path, entry]) =>
  path === '' || entry.link ? [] : [[path, licenceOf(path, entry)]],
);
const refused = found.filter(([, licence]) => !isAllowed(licence));
for (const [path, licence] of refused) console.log(`${path}: ${licence} is not on the list of .ci/licences.mjs`);
console.log(`licences: ${found.length} packages, ${refused.length} refused`);
process.exitCode = refused.length > 0 ? 1 : 0;
