import { beforeAll, describe, expect, it } from 'vitest';
import { rejectCodes } from '../../../src/domain/chat/rejection.ts';
import { testApp } from '../../support/http/test-app.ts';

type Operation = {
  parameters?: { name: string; in: string; schema: { type?: string } }[];
  requestBody?: { content: Record<string, unknown> };
  responses: Record<string, { description: string; content: Record<string, { schema: unknown }> }>;
  security?: unknown[];
};
type Document = {
  openapi: string;
  servers: { url: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: { schemas: Record<string, { properties?: Record<string, { enum?: string[] }> }> };
};

const { app } = testApp();
let document: Document;
beforeAll(async () => {
  document = (await app.inject('/openapi.json')).json();
});
const operations = () =>
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method} ${path}`, operation })),
  );

describe('/openapi.json', () => {
  it('is OpenAPI 3.1 and has every route, and no other', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(
      operations()
        .map(({ name }) => name)
        .sort(),
    ).toEqual([
      'delete /v1/chats/{chat_id}/members/{user_id}',
      'delete /v1/chats/{chat_id}/messages/{seq}',
      'delete /v1/chats/{chat_id}/messages/{seq}/reactions/{emoji}',
      'get /chats/get-chats',
      'get /healthz',
      'get /messages/get-messages',
      'get /readyz',
      'get /v1/chats',
      'get /v1/chats/{chat_id}',
      'get /v1/chats/{chat_id}/changes',
      'get /v1/chats/{chat_id}/commands/{client_message_id}',
      'get /v1/chats/{chat_id}/decisions/{client_message_id}',
      'get /v1/chats/{chat_id}/integrity',
      'get /v1/chats/{chat_id}/members',
      'get /v1/chats/{chat_id}/messages',
      'get /v1/chats/{chat_id}/messages/{seq}',
      'get /v1/chats/{chat_id}/messages/{seq}/reactions',
      'get /v1/chats/{chat_id}/messages/{seq}/versions',
      'get /v1/chats/{chat_id}/read-marker',
      'get /v1/limits',
      'patch /v1/chats/{chat_id}',
      'patch /v1/chats/{chat_id}/messages/{seq}',
      'post /chats/',
      'post /chats/update-chat-related-user',
      'post /v1/chats',
      'post /v1/chats/{chat_id}/members',
      'post /v1/chats/{chat_id}/messages',
      'post /v1/policy/explain',
      'post /v1/users/{user_id}/erasure',
      'put /v1/chats/{chat_id}/members/{user_id}/mute',
      'put /v1/chats/{chat_id}/members/{user_id}/role',
      'put /v1/chats/{chat_id}/messages/{seq}/reactions/{emoji}',
      'put /v1/chats/{chat_id}/read-marker',
    ]);
  });

  it('defines every schema that it refers to, and only those', () => {
    const text = JSON.stringify(document);
    const named = [...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((match) => match[1]);
    expect(named).not.toHaveLength(0);
    expect(new Set(named)).toEqual(new Set(Object.keys(document.components.schemas)));
    expect(text).not.toContain('__SCHEMA__');
  });

  it('describes each answer by a schema that is not empty', () => {
    for (const { name, operation } of operations()) {
      for (const [status, response] of Object.entries(operation.responses)) {
        if (status === '204') continue;
        const [content] = Object.values(response.content ?? {});
        expect(Object.keys(content?.schema ?? {}), `${name} ${status}`).not.toHaveLength(0);
      }
    }
  });

  it('asks for a token and describes the problems of every route under /v1', () => {
    for (const { name, operation } of operations().filter(
      (one) => one.name.includes('/v1/') && one.name !== 'get /v1/limits',
    )) {
      expect(operation.security, name).toEqual([{ token: [] }]);
      const texts = Object.values(operation.responses)
        .map((response) => response.description)
        .join(' ');
      // Operators' routes ask no policy.
      const policy = name.includes('/v1/users/') ? 'FORBIDDEN' : 'POLICY_DENIED';
      for (const code of ['VALIDATION_FAILED', 'UNAUTHENTICATED', policy, 'STORAGE_UNAVAILABLE']) {
        expect(texts, name).toContain(code);
      }
      expect(Object.keys(operation.responses[401]!.content)).toEqual(['application/problem+json']);
    }
  });

  it('lists the codes of every rejection, and of what is no rejection', () => {
    expect([...document.components.schemas.Problem!.properties!.code!.enum!].sort()).toEqual(
      [...Object.keys(rejectCodes), 'INTERNAL_ERROR', 'KEYS_UNAVAILABLE'].sort(),
    );
  });

  it('describes numbers in queries as numbers', () => {
    const parameters = document.paths['/v1/chats/{chat_id}/messages']!.get!.parameters!;
    expect(Object.fromEntries(parameters.map(({ name, schema }) => [name, schema.type]))).toEqual({
      before: 'integer',
      after: 'integer',
      around: 'integer',
      time: 'string',
      cursor: 'string',
      limit: 'integer',
      min_rev: 'integer',
      chat_id: 'string',
    });
  });

  it('describes the bodies that are sent', () => {
    expect(document.paths['/v1/chats']!.post!.requestBody!.content).toMatchObject({
      'application/json': { schema: { $ref: '#/components/schemas/CreateChatInput' } },
    });
  });
});

describe('/docs', () => {
  it.each(['/docs', '/docs/', '/messaging/docs'])('is a page at %s whose files are there', async (url) => {
    const page = await app.inject(url);
    expect(page.statusCode).toBe(200);
    const scripts = [...page.body.matchAll(/src="([^"]+)"/g)].map(
      (match) => new URL(match[1]!, `http://host${url}`).pathname,
    );
    expect(scripts).not.toHaveLength(0);
    // Relative, or under the prefix, which is there with and without a proxy.
    for (const script of scripts) expect(script).toMatch(url.endsWith('/') ? /^\/docs\// : /^\/messaging\//);
    for (const script of scripts) expect((await app.inject(script)).statusCode, script).toBe(200);
  });
});
