import type { Client } from '@temporalio/client';
import type { Registry } from 'prom-client';
import type { EndpointAddress } from '../config';
import { serveEndpoint, type Endpoint, type EndpointLog } from '../monitoring/endpoint';
import { errorCounter, newRegistry, pollersGauge, requestHistogram } from '../monitoring/metrics';
import { countPollers } from '../temporal/taskQueuePollers';
import type { ServiceMetrics } from './routes/routeDeps';

/** The pollers are counted once in this time, however often the metrics are read. */
const POLLERS_MS = 15_000;

/** The metrics of a job service. */
export interface ServiceRegistry {
  readonly registry: Registry;
  readonly metrics: ServiceMetrics;
}

/** An empty registry with the metrics that the job service counts itself. */
export function serviceRegistry(): ServiceRegistry {
  const registry = newRegistry();
  const requests = requestHistogram(registry);
  return {
    registry,
    metrics: {
      countError: errorCounter(registry),
      observeRequest: (labels, seconds) => requests.observe({ ...labels }, seconds),
    },
  };
}

/**
 * Serves the metrics of a job service on a port of their own, without authentication. Also counts the workers that poll the
 * task queue: when no worker runs, no worker can report that. LISTEN_FAILED.
 */
export async function serveServiceMetrics(
  { registry, metrics }: ServiceRegistry,
  address: EndpointAddress,
  client: Client,
  taskQueue: string,
  log: EndpointLog,
): Promise<Endpoint> {
  const pollers = pollersGauge(registry);
  const count = async (): Promise<void> => {
    try {
      pollers.set({ queue: taskQueue }, await countPollers(client, taskQueue, Date.now()));
    } catch {
      metrics.countError('TEMPORAL_FAILED');
    }
  };
  void count();
  const timer = setInterval(() => void count(), POLLERS_MS).unref();
  const page = async () => ({
    status: 200,
    type: registry.contentType,
    text: await registry.metrics(),
  });
  const endpoint = await serveEndpoint(address, { '/metrics': page }, log);
  return {
    url: endpoint.url,
    [Symbol.asyncDispose]: async () => {
      clearInterval(timer);
      await endpoint[Symbol.asyncDispose]();
    },
  };
}
