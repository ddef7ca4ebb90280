import { randomUUID } from 'node:crypto';
import fastify, { type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import { serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import { allowAnonymous, requireBearer } from './auth/bearer';
import type { Authenticator } from './auth/caller';
import { controlRoutes, reportRoutes } from './routes/controlRoutes';
import { eventRoutes } from './routes/eventRoutes';
import { healthRoutes, type NeededServer } from './health';
import { JobPoller } from './polling/jobPoller';
import { addLimits, type Limits } from './limits';
import { addOpenApi } from './openapi';
import { readRoutes } from './routes/readRoutes';
import {
  answerClientError,
  answerFrameworkError,
  answerProblem,
  refuseUnknown,
  RouteTable,
} from './errorHandlers';
import type { RouteDeps, ServiceDeps } from './routes/routeDeps';
import { seeJob } from './polling/loadJobState';
import { submissionRoutes } from './routes/submissionRoutes';

const BODY_BYTES = 64 * 1024;
/** A request must have arrived by then, its headers sooner. */
const HEADERS_MS = 10_000;
const REQUEST_MS = 20_000;
/** How often slow requests are looked for. */
const SLOWNESS_CHECK_MS = 2_000;
/** Silence on a connection; longer than the longest wait for a job. */
const SILENCE_MS = 90_000;
const MAX_CONNECTIONS = 8192;
/** A job id has 64 characters. */
const MAX_PARAM_LENGTH = 128;

export interface AppDeps extends ServiceDeps {
  readonly servers: readonly NeededServer[];
  /** Undefined: everybody may do everything; for development only. */
  readonly authenticate: Authenticator | undefined;
  readonly limits: Limits;
  /** Of this software, for the OpenAPI document. */
  readonly version: string;
}

export interface JobService {
  readonly app: FastifyInstance;
  /** Turns `/readyz` to 503 and ends streams and long polls; all else is still answered until `app.close()`. */
  readonly beginDrain: () => void;
}

/** The job service as a Fastify application that does not listen yet. Every error leaves as problem details. */
export function createJobService(deps: AppDeps, loggerInstance?: FastifyBaseLogger): JobService {
  const routes = new RouteTable();
  const app = fastify({
    ...(loggerInstance === undefined ? {} : { loggerInstance }),
    bodyLimit: BODY_BYTES,
    requestTimeout: REQUEST_MS,
    connectionTimeout: SILENCE_MS,
    http: { headersTimeout: HEADERS_MS, connectionsCheckingInterval: SLOWNESS_CHECK_MS },
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    forceCloseConnections: 'idle',
    return503OnClosing: false,
    exposeHeadRoutes: false,
    genReqId: () => randomUUID(),
    clientErrorHandler: answerClientError(routes),
    frameworkErrors: answerFrameworkError,
  });
  app.server.maxConnections = MAX_CONNECTIONS;
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.setErrorHandler(answerProblem);
  refuseUnknown(app, routes);

  const { pause, nowMs } = deps;
  const watch = new JobPoller({ pause, nowMs, see: (jobId) => seeJob(deps, jobId) });
  let draining = false;
  const beginDrain = () => {
    draining = true;
    watch.close();
  };
  app.addHook('preClose', async () => beginDrain());

  app.register(addRoutes, { ...deps, watch, isDraining: () => draining });
  return { app, beginDrain };
}

async function addRoutes(
  app: FastifyInstance,
  deps: AppDeps & RouteDeps & { readonly isDraining: () => boolean },
): Promise<void> {
  await addOpenApi(app, deps.version);
  await app.register(healthRoutes(deps));
  await app.register(async (jobs) => {
    const { onFailure, onRequest, onSubmission } = await addLimits(jobs, deps.limits);
    jobs.decorateRequest('caller', undefined as never);
    jobs.addHook(
      'onRequest',
      deps.authenticate ? requireBearer(deps.authenticate, onFailure) : allowAnonymous,
    );
    jobs.addHook('onRequest', onRequest);
    await jobs.register(submissionRoutes(deps, onSubmission));
    await jobs.register(readRoutes(deps));
    await jobs.register(eventRoutes(deps));
    await jobs.register(controlRoutes(deps));
    await jobs.register(reportRoutes(deps));
  });
}
