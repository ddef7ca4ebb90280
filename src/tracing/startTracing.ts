import { randomUUID } from 'node:crypto';
import type { WorkflowClientInterceptor } from '@temporalio/client';
import type { WorkerOptions } from '@temporalio/worker';

/**
 * The room of traces: OpenTelemetry over OTLP/HTTP, off unless its standard variables turn it on. The packages of
 * OpenTelemetry's SDK are loaded only then. Requests, workflows and activities of one job are one trace: the context of a
 * request (W3C Trace Context) travels in the headers of Temporal's calls, never in inputs.
 */

/** What a process needs to take part in traces; `await using` sends the spans that are left. */
export interface Tracing extends AsyncDisposable {
  /** Continues a trace in the workflows that a client starts. */
  readonly clientInterceptor: WorkflowClientInterceptor;
  /** Continues a trace in workflows and activities of a worker, which needs the workflow bundle with traces. */
  readonly workerOptions: Pick<WorkerOptions, 'interceptors' | 'sinks'>;
}

/** Starts to export spans of this process. `service` is its name unless `OTEL_SERVICE_NAME` is set. */
export async function startTracing(service: string, version: string): Promise<Tracing> {
  const { W3CTraceContextPropagator } = await import('@opentelemetry/core');
  const { Resource, detectResourcesSync, envDetectorSync } = await import('@opentelemetry/resources');
  const { BatchSpanProcessor, NodeTracerProvider } = await import('@opentelemetry/sdk-trace-node');
  const { OTLPTraceExporter } = await import('@opentelemetry/exporter-trace-otlp-http');
  const client = await import('@temporalio/interceptors-opentelemetry/lib/client/index.js');
  const worker = await import('@temporalio/interceptors-opentelemetry/lib/worker/index.js');

  const own = { 'service.name': service, 'service.version': version, 'service.instance.id': randomUUID() };
  const resource = Resource.default()
    .merge(new Resource(own))
    .merge(detectResourcesSync({ detectors: [envDetectorSync] }));
  const processor = new BatchSpanProcessor(new OTLPTraceExporter());
  const provider = new NodeTracerProvider({ resource, spanProcessors: [processor] });
  // Not baggage: it would put whatever a caller sends into the histories of Temporal.
  provider.register({ propagator: new W3CTraceContextPropagator() });
  return {
    clientInterceptor: new client.OpenTelemetryWorkflowClientInterceptor(),
    workerOptions: {
      interceptors: {
        activity: [
          (context) => ({
            inbound: new worker.OpenTelemetryActivityInboundInterceptor(context),
            outbound: new worker.OpenTelemetryActivityOutboundInterceptor(context),
          }),
        ],
      },
      sinks: { exporter: worker.makeWorkflowExporter(processor, resource) },
    },
    [Symbol.asyncDispose]: () => provider.shutdown(),
  };
}
