import {
  context,
  propagation,
  SpanKind,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
} from '@opentelemetry/api';
import type { FastifyInstance, FastifyRequest } from 'fastify';

/** Span and context of a request, until its response is sent. */
interface TracedRequest {
  readonly span: Span;
  readonly active: Context;
}

/**
 * Makes a server span of every request, as the child of the caller's span (W3C Trace Context), with the attributes of the
 * semantic conventions (https://opentelemetry.io/docs/specs/semconv/http/http-spans/). Neither query nor headers are
 * attributes: they may contain what must not be stored.
 */
export function traceRequests(app: FastifyInstance): void {
  const tracer = trace.getTracer('audit-snapshot/http');
  const traced = new WeakMap<FastifyRequest, TracedRequest>();

  app.addHook('onRequest', (request, _reply, done) => {
    const parent = propagation.extract(context.active(), request.headers);
    const attributes = attributesOf(request);
    const span = tracer.startSpan(nameOf(request), { kind: SpanKind.SERVER, attributes }, parent);
    const active = trace.setSpan(parent, span);
    traced.set(request, { span, active });
    context.with(active, done);
  });
  // Reading the body leaves the context of the first hook.
  app.addHook('preValidation', (request, _reply, done) => {
    const { active = context.active() } = traced.get(request) ?? {};
    context.with(active, done);
  });
  app.addHook('onError', async (request, _reply, { code }) => {
    traced.get(request)?.span.setAttribute('error.type', code);
  });
  app.addHook('onResponse', async (request, { statusCode }) => {
    const span = traced.get(request)?.span;
    span?.setAttribute('http.response.status_code', statusCode);
    if (statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
  });
}

function nameOf({ method, routeOptions: { url } }: FastifyRequest): string {
  return url === undefined ? method : `${method} ${url}`;
}

function attributesOf({ method, url, protocol, params, routeOptions }: FastifyRequest) {
  const { id } = (params ?? {}) as { readonly id?: string };
  return {
    'http.request.method': method,
    'url.path': url.split('?')[0]!.slice(0, 200),
    'url.scheme': protocol,
    ...(routeOptions.url === undefined ? {} : { 'http.route': routeOptions.url }),
    ...(id === undefined ? {} : { 'audit_snapshot.job_id': id.slice(0, 64) }),
  };
}
