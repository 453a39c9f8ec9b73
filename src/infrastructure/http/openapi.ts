import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { examples } from '../../interface-adapters/http/examples.ts';
import { pathPrefix } from './path-prefix.ts';

type Document = ReturnType<typeof jsonSchemaTransformObject>;
type Described = ReturnType<typeof jsonSchemaTransform>;

/** Every named schema comes in an input and an output form: keeps what is referred to. */
const withoutUnusedSchemas = (document: Document): Document => {
  const schemas = 'components' in document ? (document.components?.schemas ?? {}) : {};
  for (;;) {
    const text = JSON.stringify(document);
    const unused = Object.keys(schemas).filter((name) => !text.includes(`"#/components/schemas/${name}"`));
    if (unused.length === 0) return document;
    for (const name of unused) delete schemas[name];
  }
};

/** What the page of the documentation may load: its own files, and what the user interface draws itself with. */
const pagePolicy = () => ({
  'default-src': "'self'",
  'base-uri': "'self'",
  'frame-ancestors': "'none'",
  'img-src': "'self' data:",
  'object-src': "'none'",
  'script-src': "'self'",
  'style-src': "'self' 'unsafe-inline'",
});

type Media = { readonly schema?: { readonly $ref?: string }; example?: unknown; examples?: unknown };
type Body = { readonly content?: Record<string, Media> };
type Operation = { readonly requestBody?: Body; readonly responses: Record<string, Body> };

/** The transform keeps of a response's content its schema alone: puts the examples of its problems back. */
const withProblems = (described: Described, { response = {} }: { response?: unknown }): Described => {
  const written = response as Record<string, Body>;
  for (const [status, { content = {} }] of Object.entries((described.schema.response ?? {}) as Record<string, Body>)) {
    for (const [type, media] of Object.entries(content)) {
      const { examples } = written[status]?.content?.[type] ?? {};
      if (examples !== undefined) media.examples = examples;
    }
  }
  return described;
};

const schemas = '#/components/schemas/';

/** Beside each body its example: of an input form that of the schema it belongs to. */
const withExamples = (document: Document): Document => {
  if (!('paths' in document)) return document;
  for (const methods of Object.values(document.paths ?? {})) {
    for (const operation of Object.values(methods ?? {}) as Operation[]) {
      for (const body of [operation.requestBody, ...Object.values(operation.responses)]) {
        for (const media of Object.values(body?.content ?? {})) {
          const name = media.schema?.$ref?.slice(schemas.length) ?? '';
          const example = examples[name] ?? examples[name.replace(/Input$/, '')];
          if (example !== undefined) media.example = example;
        }
      }
    }
  }
  return document;
};

/** `/docs` for people, `/openapi.json` for programs. Before the routes: it collects them as they are added. */
export const describeRoutes = async (app: FastifyInstance): Promise<void> => {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'chat-messaging',
        version: '1',
        description:
          'Chats and their messages. Every error is a problem document (RFC 9457) with a `code` of a closed list; ' +
          '`retryable` says whether the same request may succeed later. Every request under `/v1` needs a token. ' +
          'The service itself (a token of `system`) gives a command for a user with the header `on-behalf-of: <user>`: the policy asks what ' +
          'that user may, and both are recorded.',
      },
      // The first one works behind a proxy, whether or not it strips the prefix, and without one.
      servers: [{ url: pathPrefix }, { url: '/' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: (input) => withProblems(jsonSchemaTransform(input), input.schema),
    transformObject: (input) => withExamples(withoutUnusedSchemas(jsonSchemaTransformObject(input))),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    indexPrefix: pathPrefix,
    staticCSP: pagePolicy(),
  });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
};
