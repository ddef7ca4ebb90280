import { randomUUID } from 'node:crypto';
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler, type ZodTypeProvider } from 'fastify-type-provider-zod';
import type { TlsFiles } from '../config/jobService';
import { allowAnonymous, requireBearer } from './auth/bearer';
import type { Authenticator } from './auth/caller';
import { answerClientError, answerFrameworkError, answerProblem } from './errorHandlers';
import { addLimits, type Limits } from './limits';
import { tlsOptions } from './tls';
import { addOpenApi } from './openapi';
import { JobPoller } from './polling/jobPoller';
import { loadJobState } from './polling/loadJobState';
import { WaitSlots } from './polling/waitSlots';
import { allowCodecOrigin, codecPreflight, codecRoutes, type CodecDeps } from './routes/codecRoutes';
import { controlRoutes } from './routes/controlRoutes';
import { eventRoutes } from './routes/eventRoutes';
import { healthRoutes } from './routes/healthRoutes';
import { readRoutes } from './routes/readRoutes';
import { reportRoutes } from './routes/reportRoutes';
import type { RouteDeps, ServiceDeps, ServiceMetrics } from './routes/routeDeps';
import { submissionRoutes } from './routes/submissionRoutes';
import type { NeededServer } from '../monitoring/serverHealth';
import { measureRequests } from './serviceMetrics';
import { traceRequests } from './traceRequests';
import { addSecurityHeaders } from './securityHeaders';
import { rejectUnknownRoutes, RouteTable } from './unknownRoutes';

// This room is the job service: an HTTP API over the job rows in MongoDB and their workflow runs in Temporal. A request
// passes authentication and limits (auth/, limits.ts), then a route (routes/), which calls jobSubmission.ts or
// src/jobs/jobControl.ts; streams and long polls share one poller (polling/). Every error leaves as problem details (problem.ts).

const SERVER_OPTIONS = {
  bodyLimit: 64 * 1024,
  /** A request must have arrived by then, its headers sooner. */
  requestTimeout: 20_000,
  http: { headersTimeout: 10_000, connectionsCheckingInterval: 2_000 },
  /** Silence on a connection; longer than the longest wait for a job. */
  connectionTimeout: 90_000,
  /** A job id has at most 64 characters. */
  routerOptions: { maxParamLength: 128 },
  forceCloseConnections: 'idle',
  return503OnClosing: false,
  exposeHeadRoutes: false,
  genReqId: () => randomUUID(),
} as const;
const MAX_CONNECTIONS = 8192;

export interface AppDeps extends ServiceDeps {
  readonly servers: readonly NeededServer[];
  /** Undefined: every caller may do everything; for development only. */
  readonly authenticate: Authenticator | undefined;
  readonly limits: Limits;
  /** Undefined: payloads are not encrypted, and there is no codec endpoint. */
  readonly payloads?: CodecDeps | undefined;
  /** Undefined: nothing is counted. */
  readonly metrics?: ServiceMetrics | undefined;
  /** Whether every request becomes a span. */
  readonly traced?: boolean | undefined;
  /** Undefined: plain HTTP. */
  readonly tls?: TlsFiles | undefined;
  /** The version of this product, for the OpenAPI document. */
  readonly version: string;
}

export interface JobService {
  readonly app: FastifyInstance;
  /** Turns `/readyz` to 503 and ends streams and long polls; every other request is answered until `app.close()`. */
  readonly beginDrain: () => void;
}

/** The job service as a Fastify application that does not listen yet. */
export function createJobService(deps: AppDeps, loggerInstance?: FastifyBaseLogger): JobService {
  const routes = new RouteTable();
  const app = fastify({
    ...SERVER_OPTIONS,
    ...(deps.tls === undefined ? {} : { https: { ...SERVER_OPTIONS.http, ...tlsOptions(deps.tls) } }),
    ...(loggerInstance === undefined ? {} : { loggerInstance }),
    clientErrorHandler: answerClientError(routes),
    frameworkErrors: answerFrameworkError,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerProblem(deps.metrics?.countError));
  if (deps.metrics) measureRequests(app, deps.metrics);
  if (deps.traced === true) traceRequests(app);
  addSecurityHeaders(app, deps.tls !== undefined);
  rejectUnknownRoutes(app, routes);

  const { pause, nowMs } = deps;
  const poller = new JobPoller({ pause, nowMs, loadJobState: (jobId) => loadJobState(deps, jobId) });
  const waitSlots = new WaitSlots();
  let draining = false;
  const beginDrain = () => {
    draining = true;
    waitSlots.close();
  };
  app.addHook('preClose', async () => beginDrain());
  app.register(addRoutes, { ...deps, poller, waitSlots, isDraining: () => draining });
  return { app, beginDrain };
}

async function addRoutes(
  app: FastifyInstance,
  deps: AppDeps & RouteDeps & { readonly isDraining: () => boolean },
): Promise<void> {
  await addOpenApi(app, deps.version);
  const open = app.withTypeProvider<ZodTypeProvider>();
  await healthRoutes(deps)(open, {});
  const { payloads } = deps;
  if (payloads) await codecPreflight(payloads)(open, {});
  await app.register(async (secured) => {
    const { onFailure, onRequest, onSubmission } = await addLimits(secured, deps.limits);
    const { authenticate } = deps;
    if (payloads) secured.addHook('onRequest', allowCodecOrigin(payloads));
    secured.decorateRequest('caller', undefined as never);
    secured.addHook('onRequest', authenticate ? requireBearer(authenticate, onFailure) : allowAnonymous);
    secured.addHook('onRequest', onRequest);
    const add = secured.withTypeProvider<ZodTypeProvider>();
    await submissionRoutes(deps, onSubmission)(add, {});
    await readRoutes(deps)(add, {});
    await eventRoutes(deps)(add, {});
    await controlRoutes(deps)(add, {});
    await reportRoutes(deps)(add, {});
    if (payloads) await codecRoutes(payloads)(add, {});
  });
}
