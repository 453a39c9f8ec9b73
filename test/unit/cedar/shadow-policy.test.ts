import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Logger } from '../../../src/application/ports/system.ts';
import { noTelemetry, type Telemetry } from '../../../src/application/ports/telemetry.ts';
import { type AccessRequest, type Facts, strangersFacts } from '../../../src/domain/access/access-request.ts';
import { PolicyLog } from '../../../src/infrastructure/cedar/policy-log.ts';
import { PolicySet } from '../../../src/infrastructure/cedar/policy-set.ts';
import { ShadowedPolicy } from '../../../src/infrastructure/cedar/shadow-policy.ts';
import { recordingObserver } from '../../support/recording-observer.ts';
import { realClock } from '../../support/test-cell.ts';
import { until } from '../../support/until.ts';
import { policyFolder } from './policy-folder.ts';

const live = { 'a.cedar': '@id("all") permit (principal, action, resource);' };
const stricter = `${live['a.cedar']}
  @id("no-guests") @code("FORBIDDEN") forbid (principal, action, resource) when { context.role == "guest" };`;
const broken = `${live['a.cedar']} forbid (principal, action, resource) when { 9223372036854775807 + 1 > 0 };`;

const as = (role: Facts['role']): AccessRequest => ({
  action: 'message:post',
  facts: { ...strangersFacts, is_member: true, role, chat_kind: 'group' },
});
const shadowed = (shadowText: string, options?: { capacity: number }) => {
  const { observer, told } = recordingObserver();
  const force = new PolicySet(policyFolder(live), 'live', observer);
  force.load();
  const dir = policyFolder({ 'a.cedar': shadowText });
  const shadow = new PolicySet(dir, 'shadow', observer);
  shadow.reload();
  return { engine: new ShadowedPolicy(force, shadow, observer, options), told, shadow, dir };
};

describe('a shadow policy', () => {
  it('is asked after the answer, changes none, and its disagreements are told', async () => {
    const { engine, told } = shadowed(stricter);
    expect(engine.decide(as('guest')).effect).toBe('permit');
    expect(engine.decide(as('member')).effect).toBe('permit');
    expect(told.disagreements).toEqual([]);
    await until('a disagreement', () => told.disagreements.length > 0);
    expect(told.disagreements).toMatchObject([
      {
        request: as('guest'),
        live: { effect: 'permit', basis: { rules: ['all'] } },
        shadow: { code: 'FORBIDDEN', basis: { rules: ['no-guests'] } },
      },
    ]);
  });

  it('that fails is counted, and nothing else happens', async () => {
    const { engine, told } = shadowed(broken);
    expect(engine.decide(as('guest')).effect).toBe('permit');
    await until('the failure to be counted', () => told.failed === 1);
    expect(told.disagreements).toEqual([]);
  });

  it('is skipped, and that is counted, when more comes than it can take', async () => {
    const { engine, told } = shadowed(stricter, { capacity: 100 });
    for (let index = 0; index < 150; index++) engine.decide(as('guest'));
    expect(told.skipped).toBe(50);
    await until('those that fitted to be looked at', () => told.disagreements.length === 100);
    engine.decide(as('guest'));
    await until('the next one to be looked at', () => told.disagreements.length === 101);
  });

  it('that cannot be read decides nothing until it is mended', async () => {
    const { engine, told, shadow, dir } = shadowed('permit');
    expect(engine.decide(as('guest')).effect).toBe('permit');
    expect(told.refused).toHaveLength(1);
    writeFileSync(join(dir, 'a.cedar'), stricter);
    expect(shadow.reload()).toBe('changed');
    engine.decide(as('guest'));
    await until('the mended one to look on', () => told.disagreements.length === 1);
    expect(told.failed).toBe(0);
  });
});

describe('the log of policies', () => {
  it('counts every disagreement by its rules and logs a few of them, without who and what', () => {
    const lines: { fields: object; message: string }[] = [];
    const line = (fields: object, message: string) => void lines.push({ fields, message });
    const logger: Logger = { debug: line, info: line, warn: line, error: line };
    let now = 0;
    const counted = new Map<string, number>();
    const telemetry: Telemetry = {
      ...noTelemetry,
      add: (name, count, ...labels) => {
        const key = [name, ...labels.flatMap((one) => Object.values(one ?? {}))].join(' ');
        counted.set(key, (counted.get(key) ?? 0) + count);
      },
    };
    const log = new PolicyLog({ logger, clock: { ...realClock, monotonicMs: () => now }, telemetry });
    const word = (rules: string[]) => ({ policy: 'hash', rules });
    const one = {
      request: as('guest'),
      live: { effect: 'permit', basis: word(['all']) },
      shadow: { effect: 'deny', code: 'FORBIDDEN', reason: 'No.', basis: word(['no-guests']) },
    } as const;
    for (let index = 0; index < 25; index++) log.disagreed(one);
    log.disagreed({ ...one, shadow: { ...one.shadow, basis: word([]) } });
    expect(Object.fromEntries(counted)).toEqual({
      'shadowDisagreements message:post all no-guests': 25,
      'shadowDisagreements message:post all none': 1,
    });
    expect(lines).toHaveLength(10);
    expect(Object.keys(lines[0]!.fields).sort()).toEqual(['action', 'facts', 'live', 'shadow']);
    now = 60_000;
    log.disagreed(one);
    expect(lines).toHaveLength(11);
  });
});
