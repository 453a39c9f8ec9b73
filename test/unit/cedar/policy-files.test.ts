import { describe, expect, it } from 'vitest';
import { CedarPolicyEngine } from '../../../src/infrastructure/cedar/cedar-policy-engine.ts';
import { PolicyRefused } from '../../../src/infrastructure/cedar/policy-source.ts';
import { policyFolder } from './policy-folder.ts';

/** What `load` says about a folder of these files, without the folder's name. */
const problemsOf = (files: Readonly<Record<string, string>>): string[] => {
  const dir = policyFolder(files);
  try {
    CedarPolicyEngine.load(dir);
  } catch (error) {
    if (error instanceof PolicyRefused)
      return error.problems.map((problem) => problem.replaceAll(`${dir}/`, '').replaceAll(dir, 'DIR'));
    throw error;
  }
  return [];
};

describe('a policy folder', () => {
  it('is refused with file, line and column of everything that is wrong, all at once', () => {
    const problems = problemsOf({
      'a.cedar': '// é\npermit (principal, ;',
      'b.cedar': 'permit (principal, action, resource)\nwhen { context.is_memebr };',
      'c.cedar': 'permit (principal, action == Action::"message:send", resource);',
      'd.cedar': '@code("NOPE") forbid (principal, action, resource);',
    });
    expect(problems).toEqual([
      expect.stringMatching(/^a\.cedar:2:20: unexpected token `;`.*\.$/),
      expect.stringMatching(
        /^b\.cedar:2:8: attribute `is_memebr` in context .* not found \(did you mean `is_member`\?\)\.$/,
      ),
      expect.stringMatching(/^c\.cedar:1:30: unrecognized action `Action::"message:send"`.*\.$/),
      expect.stringMatching(/^d\.cedar:1:1: @code\("NOPE"\) is not one of the codes/),
    ]);
  });

  it.each([
    [
      'compares a fact with the wrong type',
      'permit (principal, action, resource) when { context.is_member == "yes" };',
      /types Bool and String/,
    ],
    ['looks at who asks', 'permit (principal == Anyone::"7", action, resource);', /not declared as a valid eid/],
    ['can never apply', 'permit (principal, action, resource) when { resource has title };', /impossible/],
    ['is a template', 'permit (principal == ?principal, action, resource);', /template/],
    [
      'has a name that no receipt could hold',
      '@id("a/b") permit (principal, action, resource);',
      /:1:1: @id\("a\/b"\) must/,
    ],
    [
      'has the name of another one',
      '@id("a") permit (principal, action, resource);\n@id("a") forbid (principal, action, resource) when { context.muted };',
      /a\.cedar:2: the id a is taken by the rule at .*a\.cedar:1/,
    ],
    ['names a code on a permit', '@code("GONE") permit (principal, action, resource);', /belongs on a forbid/],
  ])('is refused when a rule %s', (_, rule, sentence) => {
    expect(problemsOf({ 'a.cedar': rule })).toEqual([expect.stringMatching(sentence)]);
  });

  it('is refused without a policy file, without a schema, or when it is not there', () => {
    expect(problemsOf({})).toEqual([expect.stringMatching(/^DIR has no policy file/)]);
    expect(() => CedarPolicyEngine.load('/nowhere/policies')).toThrow(
      /policy folder \/nowhere\/policies cannot be read/,
    );
  });

  it('is refused when its schema is broken or does not know what the service asks', () => {
    const rule = { 'a.cedar': 'permit (principal, action, resource);' };
    expect(problemsOf({ ...rule, 'schema.cedarschema': 'entity Anyone enum ["anyone"];\nentity' })).toEqual([
      expect.stringMatching(/^schema\.cedarschema:2:\d+: error parsing schema: /),
    ]);
    const old = `entity Anyone enum ["anyone"]; entity Anything enum ["anything"];
      action "chat:create", "message:post", "history:read" appliesTo
        { principal: [Anyone], resource: [Anything], context: { is_member: Bool, role: String } };`;
    const problems = problemsOf({ ...rule, 'schema.cedarschema': old });
    expect(problems).toHaveLength(16);
    expect(problems[0]).toMatch(/^schema\.cedarschema: the facts of chat:create do not fit: .*new_role/);
  });
});
