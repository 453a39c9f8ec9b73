import { beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type ProblemCode, problems } from '../../../src/interface-adapters/http/problem.ts';
import { testApp } from '../../support/http/test-app.ts';

type Media = {
  schema: Parameters<typeof z.fromJSONSchema>[0];
  example?: unknown;
  examples?: Record<string, { value: { code: ProblemCode; status: number } }>;
};
type Body = { content?: Record<string, Media> };
type Operation = { requestBody?: Body; responses: Record<string, Body & { description: string }> };
type Document = { paths: Record<string, Record<string, Operation>>; components: { schemas: object } };

const { app } = testApp();
let document: Document;
beforeAll(async () => {
  document = (await app.inject('/openapi.json')).json();
});

/** Every body that is taken or given, with the name of where. */
const bodies = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { requestBody, responses }]) =>
      Object.entries({ ...(requestBody && { request: requestBody }), ...responses }).flatMap(([part, { content }]) =>
        Object.entries(content ?? {}).map(([type, media]) => ({
          name: `${method} ${path} ${part} ${type}`,
          part,
          media,
        })),
      ),
    ),
  );

const inline = (value: object): string => JSON.stringify(value).replaceAll('#/components/schemas/', '#/$defs/');

/** The document's own schema, not the one in the code: what a reader of it would check against. */
const checkerOf = ({ schema }: Media) => {
  const rooted = { allOf: [schema], $defs: document.components.schemas };
  return z.fromJSONSchema(JSON.parse(inline(rooted)));
};
const examplesOf = ({ example, examples = {} }: Media): unknown[] => [
  ...(example === undefined ? [] : [example]),
  ...Object.values(examples).map(({ value }) => value),
];

describe('the examples of /openapi.json', () => {
  it('stand beside every request and every response with a body', () => {
    for (const { name, part, media } of bodies()) {
      if (part === '204') continue;
      expect(examplesOf(media), name).not.toHaveLength(0);
    }
  });

  it('fit their schemas', { timeout: 30_000 }, () => {
    for (const { name, media } of bodies()) {
      const checker = checkerOf(media);
      for (const example of examplesOf(media)) {
        const { error } = checker.safeParse(example);
        expect(error?.issues ?? [], `${name}: ${JSON.stringify(example)}`).toEqual([]);
      }
    }
  });

  it('would not fit when a field were missing', () => {
    const media = bodies().find(({ name }) => name === 'post /v1/chats/{chat_id}/messages 201 application/json')!.media;
    const checker = checkerOf(media);
    const { seq, ...without } = media.example as { seq: number };
    expect(checker.safeParse(media.example).success).toBe(true);
    expect(checker.safeParse({ ...without, seq: 'one' }).success).toBe(false);
    expect(checker.safeParse(without).success).toBe(false);
  });

  it('have a problem of each code that a route may answer, under its own status', () => {
    for (const methods of Object.values(document.paths)) {
      for (const { responses } of Object.values(methods)) {
        for (const [status, { description, content }] of Object.entries(responses)) {
          const named = [...description.matchAll(/^`([A-Z_]+)`/gm)].map((match) => match[1]);
          const { examples = {} } = content?.['application/problem+json'] ?? {};
          if (named.length > 0) expect(Object.keys(examples)).toEqual(named);
          for (const { value } of Object.values(examples)) {
            expect([value.status, problems[value.code].status]).toEqual([Number(status), Number(status)]);
          }
        }
      }
    }
  });
});
