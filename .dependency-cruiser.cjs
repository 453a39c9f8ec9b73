// Who may import whom (docs/architecture.md). Each layer has an allow-list: what is not on it is forbidden, Node's own modules
// and packages included. Imports of types count: a type ties two files together as much as a value does.
// test/architecture shows that every rule fires.

/** A layer may import what these patterns match, nothing else. */
const allowList = (name, from, allowed, comment) => ({
  name,
  comment,
  severity: 'error',
  from: typeof from === 'string' ? { path: from } : from,
  to: { pathNot: allowed },
});

/** A package may be imported from one place only. */
const onlyIn = (place, ...packages) => ({
  name: `${packages[0].replace(/^@|\/.*$/g, '')}-only-in-${place.replaceAll('/', '-')}`,
  comment: `Only ${place} knows ${packages.join(', ')}.`,
  severity: 'error',
  from: { pathNot: `^(src/)?${place}/` },
  to: { path: packages.map(packagePath) },
});

const packagePath = (name) => `^node_modules/(@types/)?${name}(/|$)`;
const core = (name) => `^(node:)?${name}$`;

const domain = '^src/domain/';
const application = '^src/application/';
const compositionRoot = '^src/composition-root[.]ts$';

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    allowList('domain-imports-domain', domain, [domain], 'The domain is pure: no layer, no package, no Node.'),
    allowList(
      'application-imports-inwards',
      application,
      [application, domain],
      'Use cases and ports know the domain only; the rest of the world is behind a port.',
    ),
    allowList(
      'interface-adapters-import-inwards',
      '^src/interface-adapters/',
      ['^src/interface-adapters/', application, domain, packagePath('zod'), core('crypto')],
      'Adapters translate between JSON and the application: zod for shapes, node:crypto for digests.',
    ),
    allowList(
      'actors-import-inwards',
      { path: '^actors/', pathNot: '^actors/kit/' },
      ['^actors/', application, domain],
      'Actors arrange concurrency; what they do is in the application and the domain.',
    ),
    allowList(
      'actor-kit-wraps-nact',
      '^actors/kit/',
      ['^actors/kit/', application, domain, packagePath('nact')],
      'The kit is the facade over nact, and knows no actor.',
    ),
    {
      name: 'infrastructure-knows-no-actors',
      comment: 'Infrastructure implements ports. Who uses them is wired up in the composition root.',
      severity: 'error',
      from: { path: '^src/infrastructure/' },
      to: { path: ['^actors/', '^src/[^/]+[.]ts$'] },
    },
    {
      name: 'only-the-composition-root-joins',
      comment: 'The other files of src/ open adapters, start and stop; actors and infrastructure meet in one file.',
      severity: 'error',
      from: { path: '^src/[^/]+[.]ts$', pathNot: compositionRoot },
      to: { path: '^actors/' },
    },
    {
      name: 'migrate-starts-nothing',
      comment: 'Tables are made without the service.',
      severity: 'error',
      from: { path: '^src/migrate[.]ts$' },
      to: { path: compositionRoot },
    },

    onlyIn('infrastructure/amqp', 'amqplib'),
    onlyIn('infrastructure/cassandra', 'cassandra-driver'),
    onlyIn('infrastructure/cedar', '@cedar-policy/cedar-wasm'),
    onlyIn('infrastructure/http', 'fastify', '@fastify/[^/]+', 'fastify-type-provider-zod', 'jose'),
    onlyIn('infrastructure/telemetry', 'pino', '@opentelemetry/[^/]+'),
    onlyIn('actors/kit', 'nact'),
    {
      name: 'sqlite-only-in-infrastructure-sqlite',
      comment: 'Only infrastructure/sqlite knows node:sqlite.',
      severity: 'error',
      from: { pathNot: '^src/infrastructure/sqlite/' },
      to: { path: core('sqlite') },
    },

    {
      name: 'no-cycles',
      comment: 'Two files that need each other are one file, or miss a third.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment: 'A file that imports nothing and that nothing imports is dead.',
      severity: 'error',
      from: { orphan: true },
      to: {},
    },
    {
      name: 'no-unknown-imports',
      comment: 'The import leads nowhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-dev-dependencies',
      comment: 'What the service needs when it runs stands under `dependencies`.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg'], dependencyTypesNot: ['type-only'] },
    },
  ],
  options: {
    doNotFollow: { path: '^node_modules/' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
