import { describe, expect, it } from 'vitest';
import { ruleNames, type SourceTree, violationsIn } from './source-tree.ts';

const packages = {
  dependencies: [
    'zod',
    'nact',
    'amqplib',
    'cassandra-driver',
    '@cedar-policy/cedar-wasm',
    'fastify',
    '@fastify/cors',
    'jose',
    'pino',
    '@opentelemetry/api',
  ],
  devDependencies: ['vitest'],
};

/** A small house in which every import is allowed. */
const soundTree: SourceTree = {
  'src/domain/chat/chat.ts': `import type { Id } from '../id.ts'; export type Chat = Id;`,
  'src/domain/id.ts': `export type Id = string;`,
  'src/application/port.ts': `import type { Chat } from '../domain/chat/chat.ts'; export type Port = Chat;`,
  'src/interface-adapters/json.ts': `import 'zod'; import 'node:crypto'; import '../application/port.ts'; import '../domain/id.ts';`,
  'actors/kit/system.ts': `import 'nact';`,
  'actors/chat/chat.actor.ts': `import '../kit/system.ts'; import '../../src/application/port.ts'; import '../../src/domain/id.ts';`,
  'src/infrastructure/amqp/consumer.ts': `import 'amqplib'; import 'node:net'; import '../../interface-adapters/json.ts';`,
  'src/infrastructure/cassandra/store.ts': `import 'cassandra-driver'; import '../../application/port.ts';`,
  'src/infrastructure/sqlite/store.ts': `import 'node:sqlite'; import '../../application/port.ts';`,
  'src/infrastructure/cedar/engine.ts': `import '@cedar-policy/cedar-wasm';`,
  'src/infrastructure/http/app.ts': `import 'fastify'; import '@fastify/cors'; import 'jose'; import 'zod';`,
  'src/infrastructure/telemetry/log.ts': `import 'pino'; import '@opentelemetry/api';`,
  'src/infrastructure/config/config.ts': `import 'zod'; import 'node:fs';`,
  'src/composition-root.ts': `import '../actors/chat/chat.actor.ts'; import './infrastructure/amqp/consumer.ts';`,
  'src/open-store.ts': `import './infrastructure/sqlite/store.ts';`,
  'src/main.ts': `import './composition-root.ts'; import './infrastructure/config/config.ts'; import './infrastructure/telemetry/log.ts';`,
  'src/migrate.ts': `import './infrastructure/cassandra/store.ts';`,
};

/** [rule, file that breaks it, what it imports] */
const breaches: readonly [rule: string, file: string, imports: string][] = [
  ['domain-imports-domain', 'src/domain/a.ts', `import '../application/port.ts';`],
  [
    'domain-imports-domain',
    'src/domain/b.ts',
    `import type { Port } from '../application/port.ts'; export type B = Port;`,
  ],
  ['domain-imports-domain', 'src/domain/c.ts', `import 'node:crypto';`],
  ['domain-imports-domain', 'src/domain/d.ts', `import 'zod';`],
  ['application-imports-inwards', 'src/application/a.ts', `import '../infrastructure/cedar/engine.ts';`],
  ['application-imports-inwards', 'src/application/b.ts', `import '../interface-adapters/json.ts';`],
  ['application-imports-inwards', 'src/application/c.ts', `import 'node:fs';`],
  ['application-imports-inwards', 'src/application/d.ts', `import '../../actors/chat/chat.actor.ts';`],
  ['interface-adapters-import-inwards', 'src/interface-adapters/a.ts', `import '../infrastructure/amqp/consumer.ts';`],
  ['interface-adapters-import-inwards', 'src/interface-adapters/b.ts', `import 'fastify';`],
  ['interface-adapters-import-inwards', 'src/interface-adapters/c.ts', `import 'node:fs';`],
  ['actors-import-inwards', 'actors/chat/a.ts', `import '../../src/infrastructure/amqp/consumer.ts';`],
  ['actors-import-inwards', 'actors/chat/b.ts', `import '../../src/interface-adapters/json.ts';`],
  ['actors-import-inwards', 'actors/chat/c.ts', `import 'node:timers';`],
  ['actor-kit-wraps-nact', 'actors/kit/a.ts', `import '../chat/chat.actor.ts';`],
  ['infrastructure-knows-no-actors', 'src/infrastructure/http/a.ts', `import '../../../actors/chat/chat.actor.ts';`],
  ['infrastructure-knows-no-actors', 'src/infrastructure/http/b.ts', `import '../../composition-root.ts';`],
  ['only-the-composition-root-joins', 'src/lifecycle.ts', `import '../actors/chat/chat.actor.ts';`],
  ['migrate-starts-nothing', 'src/migrate.ts', `import './composition-root.ts';`],
  ['amqplib-only-in-infrastructure-amqp', 'src/infrastructure/http/c.ts', `import 'amqplib';`],
  ['amqplib-only-in-infrastructure-amqp', 'src/main.ts', `import 'amqplib';`],
  ['cassandra-driver-only-in-infrastructure-cassandra', 'src/infrastructure/sqlite/a.ts', `import 'cassandra-driver';`],
  ['cedar-policy-only-in-infrastructure-cedar', 'src/composition-root.ts', `import '@cedar-policy/cedar-wasm';`],
  [
    'fastify-only-in-infrastructure-http',
    'src/infrastructure/telemetry/a.ts',
    `import type { X } from 'fastify'; export type A = X;`,
  ],
  ['fastify-only-in-infrastructure-http', 'src/infrastructure/amqp/a.ts', `import 'jose';`],
  ['fastify-only-in-infrastructure-http', 'src/infrastructure/amqp/b.ts', `import '@fastify/cors';`],
  ['pino-only-in-infrastructure-telemetry', 'src/infrastructure/amqp/c.ts', `import 'pino';`],
  ['pino-only-in-infrastructure-telemetry', 'src/infrastructure/amqp/d.ts', `import '@opentelemetry/api';`],
  ['nact-only-in-actors-kit', 'actors/chat/d.ts', `import 'nact';`],
  ['nact-only-in-actors-kit', 'src/infrastructure/amqp/e.ts', `import 'nact';`],
  ['sqlite-only-in-infrastructure-sqlite', 'src/infrastructure/amqp/f.ts', `import 'node:sqlite';`],
  ['no-cycles', 'src/domain/id.ts', `import type { Chat } from './chat/chat.ts'; export type Id = Chat;`],
  ['no-orphans', 'src/domain/alone.ts', `export const alone = 1;`],
  ['no-unknown-imports', 'src/domain/e.ts', `import './gone.ts';`],
  ['no-dev-dependencies', 'src/infrastructure/amqp/g.ts', `import 'vitest';`],
];

describe('the dependency rules', () => {
  it('let the layers import what they may', async () => {
    expect(await violationsIn(soundTree, packages)).toEqual([]);
  });

  describe('report', () => {
    it.each(breaches)('%s: %s with %s', async (rule, file, imports) => {
      expect(await violationsIn({ ...soundTree, [file]: imports }, packages)).toContain(`${rule}: ${file}`);
    });
  });

  it('are each shown to fire', () => {
    expect([...new Set(breaches.map(([rule]) => rule))].sort()).toEqual([...ruleNames].sort());
  });
});
