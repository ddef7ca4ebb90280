import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { SCOPES } from './auth/caller';

const text = (description: string) => ({ description, schema: { type: 'string' } });
const seconds = (description: string) => ({ description, schema: { type: 'integer' } });

/** Headers of a response by its status; the schemas of routes cannot hold them. */
const HEADERS: Readonly<Record<string, object>> = {
  202: {
    Location: text('The URL of the job'),
    'Retry-After': seconds('Poll again after this many seconds'),
    'Idempotency-Replayed': text('`true` when this is the response to an earlier request with the same key'),
  },
  401: { 'WWW-Authenticate': text('RFC 6750') },
  403: { 'WWW-Authenticate': text('RFC 6750, with the missing scope') },
  405: { Allow: text('The methods that the route supports') },
  429: { 'Retry-After': seconds('Try again after this many seconds') },
  503: { 'Retry-After': seconds('Try again after this many seconds') },
};

interface Operation {
  readonly responses?: Record<string, object>;
}
type Paths = Record<string, Record<string, Operation>>;
type Components = Record<string, object>;

const DOCUMENT = {
  openapi: '3.1.0',
  servers: [{ url: '/' }],
  tags: [
    { name: 'jobs', description: 'Submit, list, follow, cancel and retry jobs; report outcomes' },
    { name: 'health', description: 'For orchestrators and load balancers' },
  ],
  components: {
    securitySchemes: {
      bearer: {
        type: 'http' as const,
        scheme: 'bearer',
        description: `A JWT of the identity provider or a static key, with the scope that the operation requires: ${SCOPES.join(', ')}.`,
      },
    },
  },
};

const INFO = {
  title: 'audit-snapshot job service',
  description:
    'Seals windows of an audit log. Every error response has problem details (RFC 9457) with a stable `code`. Submit a job, then wait for it with `wait` or follow its events.',
  license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
};

/**
 * `/openapi.json` (OpenAPI 3.1), made from the schemas that requests and responses are checked with, and `/docs` to read it.
 */
export async function addOpenApi(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: { ...DOCUMENT, info: { ...INFO, version } },
    transform: jsonSchemaTransform,
    transformObject: (document) => finish(jsonSchemaTransformObject(document)) as never,
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  app.get('/openapi.json', { schema: { hide: true } }, () => app.swagger());
}

function finish(document: object): object {
  const { paths = {}, components } = document as { paths?: Paths; components?: { schemas?: Components } };
  for (const operations of Object.values(paths))
    for (const { responses = {} } of Object.values(operations))
      for (const [status, response] of Object.entries(responses))
        if (HEADERS[status]) Object.assign(response, { headers: HEADERS[status] });
  const schemas = components?.schemas ?? {};
  return { ...document, components: { ...components, schemas: referenced(schemas, paths) } };
}

/** The schemas that the paths refer to: the generator writes an input and an output form of every named schema. */
function referenced(schemas: Components, paths: Paths): Components {
  const kept: Components = {};
  let reachable = JSON.stringify(paths);
  for (let grown = true; grown;) {
    grown = false;
    for (const [name, schema] of Object.entries(schemas)) {
      if (name in kept || !reachable.includes(`"#/components/schemas/${name}"`)) continue;
      kept[name] = schema;
      reachable += JSON.stringify(schema);
      grown = true;
    }
  }
  return kept;
}
