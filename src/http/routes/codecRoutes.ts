import type { Payload, PayloadCodec } from '@temporalio/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { z } from 'zod';
import { isSnapshotError, SnapshotError } from '../../errors';

/** What lets the Web UI of Temporal read encrypted payloads: the remote codec protocol of Temporal's tools. */
export interface CodecDeps {
  readonly codec: PayloadCodec;
  /** Origin of the Web UI, whose pages may call these routes; undefined: no page may. */
  readonly origin: string | undefined;
}

const PATH = '/codec';
/** The Web UI sends the payloads of one page of a history at once. */
const MAX_BODY_BYTES = 16 * 1024 * 1024;
const MAX_PAYLOADS = 10_000;

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/, 'is not base64');
/** Payloads as protobuf's JSON mapping writes them. */
const payloads = z.object({
  payloads: z
    .array(z.object({ metadata: z.record(z.string(), base64).optional(), data: base64.optional() }))
    .max(MAX_PAYLOADS),
});

/** `POST /codec/encode` and `/codec/decode`. */
export function codecRoutes({ codec }: CodecDeps): FastifyPluginAsyncZod {
  const options = {
    config: { scopes: ['payloads:decode'] },
    bodyLimit: MAX_BODY_BYTES,
    schema: { hide: true, body: payloads },
  } as const;
  return async (app) => {
    app.post(`${PATH}/encode`, options, async ({ body }) => toJson(await codec.encode(fromJson(body))));
    app.post(`${PATH}/decode`, options, async ({ body }) => toJson(await decode(codec, fromJson(body))));
  };
}

/** A payload that cannot be decrypted is the fault of this request, not of the service. */
async function decode(codec: PayloadCodec, encrypted: Payload[]): Promise<Payload[]> {
  try {
    return await codec.decode(encrypted);
  } catch (error) {
    if (!isSnapshotError(error, 'PAYLOAD_UNREADABLE')) throw error;
    throw new SnapshotError('PAYLOAD_INVALID', error.message, { cause: error });
  }
}

/** Answers the question of a browser whether a page of the Web UI may call these routes (CORS); it carries no token. */
export function codecPreflight({ origin }: CodecDeps): FastifyPluginAsyncZod {
  return async (app) => {
    app.options(`${PATH}/:operation`, { schema: { hide: true } }, async (request, reply) => {
      allowOrigin(origin, request, reply);
      return reply.code(204).send();
    });
  };
}

/** Lets a page of the Web UI read every response of these routes, errors included. */
export function allowCodecOrigin({ origin }: CodecDeps) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    if (request.url.startsWith(`${PATH}/`)) allowOrigin(origin, request, reply);
  };
}

function allowOrigin(origin: string | undefined, request: FastifyRequest, reply: FastifyReply): void {
  reply.header('vary', 'origin');
  if (origin === undefined || request.headers.origin !== origin) return;
  reply
    .header('access-control-allow-origin', origin)
    .header('access-control-allow-credentials', 'true')
    .header('access-control-allow-methods', 'POST')
    .header('access-control-allow-headers', 'authorization, content-type, x-namespace')
    .header('access-control-max-age', '600');
}

function fromJson({ payloads: given }: z.output<typeof payloads>): Payload[] {
  return given.map(({ metadata = {}, data = '' }) => ({
    metadata: mapValues(metadata, (value) => Buffer.from(value, 'base64')),
    data: Buffer.from(data, 'base64'),
  }));
}

function toJson(decoded: readonly Payload[]): z.output<typeof payloads> {
  return {
    payloads: decoded.map(({ metadata, data }) => ({
      metadata: mapValues(metadata ?? {}, toBase64),
      data: toBase64(data ?? new Uint8Array()),
    })),
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value)]));
}
