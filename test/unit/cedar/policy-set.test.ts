import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { strangersFacts } from '../../../src/domain/access/access-request.ts';
import { PolicySet } from '../../../src/infrastructure/cedar/policy-set.ts';
import { PolicyRefused } from '../../../src/infrastructure/cedar/policy-source.ts';
import { watchFolder } from '../../../src/infrastructure/cedar/watch-folder.ts';
import { recordingObserver } from '../../support/recording-observer.ts';
import { until } from '../../support/until.ts';
import { policyFolder } from './policy-folder.ts';

const open = 'permit (principal, action, resource);';
const closed = '@code("CHAT_LOCKED") forbid (principal, action, resource);';
const request = { action: 'message:post', facts: { ...strangersFacts, is_member: true, role: 'member' } } as const;

const ending: (() => void)[] = [];
afterEach(() => {
  for (const end of ending.splice(0)) end();
});

const setOf = (dir: string) => {
  const { observer, told } = recordingObserver();
  const set = new PolicySet(dir, 'live', observer);
  set.load();
  return { set, told, effect: () => set.decide(request).effect };
};

describe('a policy set', () => {
  it('decides by the new files from the reload on, whatever was cached', () => {
    const dir = policyFolder({ 'a.cedar': open });
    const { set, effect, told } = setOf(dir);
    expect(effect()).toBe('permit');
    const before = set.hash;
    writeFileSync(join(dir, 'a.cedar'), closed);
    expect(effect()).toBe('permit');
    expect(set.reload()).toBe('changed');
    expect(effect()).toBe('deny');
    expect(set.decide(request).basis?.policy).toBe(set.hash);
    expect(set.hash).not.toBe(before);
    expect(told.loaded).toEqual([`live ${before}`, `live ${set.hash}`]);
  });

  it('is each time what its files say, however often they change', () => {
    const dir = policyFolder({ 'a.cedar': open });
    const { set, effect } = setOf(dir);
    for (let time = 0; time < 3; time++) {
      writeFileSync(join(dir, 'a.cedar'), time % 2 === 0 ? closed : open);
      expect(set.reload()).toBe('changed');
      expect(effect()).toBe(time % 2 === 0 ? 'deny' : 'permit');
    }
  });

  it('stays what it is when nothing has changed', () => {
    const { set, told } = setOf(policyFolder({ 'a.cedar': open }));
    expect(set.reload()).toBe('same');
    expect(told.loaded).toHaveLength(1);
  });

  it('has the same hash for the same files in another folder, and another one for any other text', () => {
    const hash = (files: Record<string, string>) => setOf(policyFolder(files)).set.hash;
    expect(hash({ 'a.cedar': open })).toBe(hash({ 'a.cedar': open }));
    expect(hash({ 'a.cedar': open })).not.toBe(hash({ 'b.cedar': open }));
    expect(hash({ 'a.cedar': open })).not.toBe(hash({ 'a.cedar': `${open}\n` }));
  });

  it('refuses bad files with file and line, once, and goes on with the good ones', () => {
    const dir = policyFolder({ 'a.cedar': open });
    const { set, effect, told } = setOf(dir);
    writeFileSync(join(dir, 'b.cedar'), '\npermit (principal, ;');
    for (let look = 0; look < 3; look++) expect(set.reload()).toBe('refused');
    expect(told.refused).toEqual([[expect.stringMatching(/b\.cedar:2:20: unexpected token/)]]);
    expect(effect()).toBe('permit');
    writeFileSync(join(dir, 'b.cedar'), closed);
    expect(set.reload()).toBe('changed');
    expect(effect()).toBe('deny');
    writeFileSync(join(dir, 'b.cedar'), '\npermit (principal, ;');
    expect(set.reload()).toBe('refused');
    expect(told.refused).toHaveLength(2);
  });

  it('keeps what it has when the folder is gone', () => {
    const dir = policyFolder({ 'a.cedar': open });
    const { set, effect } = setOf(dir);
    rmSync(dir, { recursive: true });
    expect(set.reload()).toBe('refused');
    expect(effect()).toBe('permit');
  });

  it('is not loaded from bad files, and asks nobody then', () => {
    const { observer, told } = recordingObserver();
    const set = new PolicySet(policyFolder({ 'a.cedar': 'permit' }), 'shadow', observer);
    expect(() => set.load()).toThrow(PolicyRefused);
    expect(set.reload()).toBe('refused');
    expect(set.isLoaded).toBe(false);
    expect(() => set.decide(request)).toThrow(/no policy is loaded/);
    expect(told.refused).toHaveLength(1);
  });
});

describe('a watched folder', () => {
  const follow = (dir: string, options = {}) => {
    const { set, effect } = setOf(dir);
    ending.push(watchFolder(dir, () => void set.reload(), { settledAfterMs: 20, ...options }));
    return effect;
  };
  const closes = (effect: () => string) => until('the new policy to count', () => effect() === 'deny');

  it('is looked at when a file is written', async () => {
    const dir = policyFolder({ 'a.cedar': open });
    const effect = follow(dir);
    writeFileSync(join(dir, 'a.cedar'), closed);
    await closes(effect);
  });

  it('is looked at when an editor renames a new file over the old one', async () => {
    const dir = policyFolder({ 'a.cedar': open });
    const effect = follow(dir);
    writeFileSync(join(dir, '.a.cedar.swp'), closed);
    renameSync(join(dir, '.a.cedar.swp'), join(dir, 'a.cedar'));
    await closes(effect);
  });

  it('is looked at when Kubernetes swaps the link behind its files', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'mounted-'));
    const version = (name: string, text: string) => renameSync(policyFolder({ 'a.cedar': text }), join(dir, name));
    version('..1', open);
    symlinkSync('..1', join(dir, '..data'));
    for (const name of ['a.cedar', 'schema.cedarschema']) symlinkSync(join('..data', name), join(dir, name));
    const effect = follow(dir);
    version('..2', closed);
    symlinkSync('..2', join(dir, '..data_tmp'));
    renameSync(join(dir, '..data_tmp'), join(dir, '..data'));
    await closes(effect);
  });

  it('is found again when it was made anew, or is a link to another one now', async () => {
    const parent = mkdtempSync(join(tmpdir(), 'parent-'));
    const dir = join(parent, 'policies');
    symlinkSync(policyFolder({ 'a.cedar': open }), dir);
    const effect = follow(dir, { lookEveryMs: 30 });
    symlinkSync(policyFolder({ 'a.cedar': closed }), join(parent, 'new'));
    renameSync(join(parent, 'new'), dir);
    await closes(effect);
    rmSync(dir);
    mkdirSync(dir);
    renameSync(policyFolder({ 'a.cedar': open }), dir);
    await until('the folder made anew to count', () => effect() === 'permit');
  });

  it('is left alone after the end', async () => {
    const dir = policyFolder({ 'a.cedar': open });
    let looks = 0;
    const end = watchFolder(dir, () => void looks++, { settledAfterMs: 1, lookEveryMs: 5 });
    await until('a first look', () => looks > 0);
    end();
    const before = looks;
    const other = policyFolder({ 'a.cedar': open });
    let othersLooks = 0;
    ending.push(watchFolder(other, () => void othersLooks++, { settledAfterMs: 1, lookEveryMs: 5 }));
    await until('somebody else to be looked at for a while', () => othersLooks > 5);
    expect(looks).toBe(before);
  });
});
