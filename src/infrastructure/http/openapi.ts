import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { pathPrefix } from './path-prefix.ts';

type Document = ReturnType<typeof jsonSchemaTransformObject>;

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
          '`retryable` says whether the same request may succeed later. Every request under `/v1` needs a token.',
      },
      // The first one works behind a proxy, whether or not it strips the prefix, and without one.
      servers: [{ url: pathPrefix }, { url: '/' }],
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
    },
    transform: jsonSchemaTransform,
    transformObject: (input) => withoutUnusedSchemas(jsonSchemaTransformObject(input)),
  });
  await app.register(swaggerUi, { routePrefix: '/docs', indexPrefix: pathPrefix });
  app.get('/openapi.json', { schema: { hide: true } }, async () => app.swagger());
};
