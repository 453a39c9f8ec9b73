import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { asyncApiDocument } from '../../../ops/asyncapi/document.ts';
import { batchExample, commandExamples, eventExamples, seedExample } from '../../../ops/asyncapi/examples.ts';
import { yamlOf } from '../../../ops/asyncapi/yaml.ts';
import { rejectCodes } from '../../../src/domain/chat/rejection.ts';
import { commandForms, decodeCommands } from '../../../src/interface-adapters/amqp/command-json.ts';
import { anyEventSchema } from '../../../src/interface-adapters/amqp/events.schema.ts';

const document = asyncApiDocument();
const messages = Object.entries(document.components.messages);
const decode = (json: object) => decodeCommands(Buffer.from(JSON.stringify(json)));

describe('docs/asyncapi.yaml', () => {
  it('is what `npm run asyncapi` writes', () => {
    const file = readFileSync(new URL('../../../docs/asyncapi.yaml', import.meta.url), 'utf8');
    expect(file === yamlOf(document), 'stale: run npm run asyncapi').toBe(true);
  });

  it('describes every command and every event, and every reject code', () => {
    expect(Object.keys(commandExamples).sort()).toEqual(Object.keys(commandForms).sort());
    const types = messages.map(([, { title }]) => title);
    expect(types).toEqual(expect.arrayContaining([...Object.keys(commandForms), ...Object.keys(eventExamples)]));
    expect(new Set(types).size).toBe(messages.length);
    expect(Object.keys(eventExamples)).toHaveLength(15);
    expect(document.components.schemas.RejectCode.enum).toEqual(Object.keys(rejectCodes));
  });

  it('refers to nothing that is not there', () => {
    for (const [, path] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = path!.split('/').reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
      expect(found, path).toBeDefined();
    }
  });

  it('has examples of commands that the service takes', () => {
    for (const example of [...Object.values(commandExamples), seedExample, batchExample]) {
      expect(decode(example)).toMatchObject({ ok: true });
    }
  });

  it('has examples of events that the service writes', () => {
    for (const example of Object.values(eventExamples)) expect(anyEventSchema.parse(example)).toEqual(example);
  });

  it.each(messages)('has an example of %s that fits its own schema, and nothing fits that is not one', (_, one) => {
    const schema = z.fromJSONSchema(one.payload as Parameters<typeof z.fromJSONSchema>[0]);
    expect(one.examples).toHaveLength(1);
    for (const { payload } of one.examples) expect(schema.safeParse(payload).error?.issues).toBeUndefined();
    expect(schema.safeParse({}).success).toBe(false);
  });
});

describe('YAML', () => {
  it('quotes what could be taken for something else', () => {
    expect(yamlOf({ a: 'no', b: '1', c: 'x: y', d: ' z', e: 'plain text', f: [{ g: [], h: {} }, [1]], i: null })).toBe(
      'a: "no"\nb: "1"\nc: "x: y"\nd: " z"\ne: plain text\nf:\n  - g: []\n    h: {}\n  - - 1\ni: null\n',
    );
  });
});
