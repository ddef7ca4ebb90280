import { defaultPayloadConverter, type Headers } from '@temporalio/common';
import {
  ContinueAsNew,
  proxySinks,
  workflowInfo,
  type Sinks,
  type WorkflowInterceptors,
} from '@temporalio/workflow';

/**
 * Joins a workflow run to the trace of the request that started it. The context arrives and leaves in the header that
 * Temporal's OpenTelemetry interceptors for clients and activities use. Unlike their interceptor for workflows, nothing
 * here waits, so a run that began without traces replays with them, and the other way round.
 */

/** Of @temporalio/interceptors-opentelemetry. */
const TRACE_HEADER = '_tracer-data';
/** https://www.w3.org/TR/trace-context/#traceparent-header */
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
const SAMPLED = 1;
const OK = 1;
const ERROR = 2;

/** Seconds and nanoseconds since 1970. */
type Time = readonly [seconds: number, nanoseconds: number];

/** A span in the form that the sink of Temporal's OpenTelemetry package takes. */
interface SerializableSpan {
  readonly name: string;
  readonly kind: number;
  readonly spanContext: { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };
  readonly parentSpanId?: string;
  readonly startTime: Time;
  readonly endTime: Time;
  readonly duration: Time;
  readonly status: { readonly code: number };
  readonly attributes: Readonly<Record<string, string>>;
  readonly links: readonly never[];
  readonly events: readonly never[];
  readonly ended: true;
  readonly droppedAttributesCount: 0;
  readonly droppedEventsCount: 0;
  readonly droppedLinksCount: 0;
  readonly instrumentationLibrary: { readonly name: string };
}

interface TraceSinks extends Sinks {
  exporter: { export(spans: SerializableSpan[]): void };
}

/** The span of this run. */
interface RunSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
  /** Undefined for a run that no traced request started, such as that of a schedule: it is the root of a trace. */
  readonly parentSpanId: string | undefined;
}

const { exporter } = proxySinks<TraceSinks>();

/** Interceptors of one run; the bundle with traces names this module. */
export function interceptors(): WorkflowInterceptors {
  let span: RunSpan | undefined;
  /** The same call with the span of this run as the parent of what it starts. */
  const traced = <I extends { readonly headers: Headers }>(input: I): I =>
    span === undefined ? input : { ...input, headers: { ...input.headers, [TRACE_HEADER]: headerOf(span) } };
  return {
    inbound: [
      {
        execute: (input, next) => {
          span = spanOf(input.headers);
          const run = span;
          const result = next(input);
          // Beside the result, so that it is passed on without a further turn.
          result.then(
            () => finish(run, OK),
            (error: unknown) => finish(run, error instanceof ContinueAsNew ? OK : ERROR),
          );
          return result;
        },
      },
    ],
    outbound: [
      {
        scheduleActivity: (input, next) => next(traced(input)),
        scheduleLocalActivity: (input, next) => next(traced(input)),
        startChildWorkflowExecution: (input, next) => next(traced(input)),
        continueAsNew: (input, next) => next(traced(input)),
      },
    ],
  };
}

/** The ids derive from the run id: they are the same in every replay, and use up no random numbers of the workflow. */
function spanOf(headers: Headers): RunSpan {
  const runId = workflowInfo().runId.replaceAll('-', '');
  const header = headers[TRACE_HEADER];
  const carrier = header === undefined ? undefined : defaultPayloadConverter.fromPayload<unknown>(header);
  const { traceparent } = (carrier ?? {}) as { readonly traceparent?: unknown };
  const [, traceId, parentSpanId, flags] = TRACEPARENT.exec(String(traceparent)) ?? [];
  return {
    traceId: traceId ?? runId,
    spanId: runId.slice(0, 16),
    traceFlags: flags === undefined ? SAMPLED : Number.parseInt(flags, 16),
    parentSpanId,
  };
}

function headerOf({ traceId, spanId, traceFlags }: RunSpan) {
  const flags = traceFlags.toString(16).padStart(2, '0');
  return defaultPayloadConverter.toPayload({ traceparent: `00-${traceId}-${spanId}-${flags}` });
}

function finish({ parentSpanId, ...spanContext }: RunSpan, code: number): void {
  if ((spanContext.traceFlags & SAMPLED) === 0) return;
  const { workflowType, startTime } = workflowInfo();
  const startMs = startTime.getTime();
  const endMs = Math.max(Date.now(), startMs);
  exporter.export([
    {
      name: `RunWorkflow:${workflowType}`,
      kind: 0,
      spanContext,
      ...(parentSpanId === undefined ? {} : { parentSpanId }),
      startTime: timeOf(startMs),
      endTime: timeOf(endMs),
      duration: timeOf(endMs - startMs),
      status: { code },
      attributes: {},
      links: [],
      events: [],
      ended: true,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
      instrumentationLibrary: { name: 'audit-snapshot/workflow' },
    },
  ]);
}

function timeOf(ms: number): Time {
  return [Math.floor(ms / 1000), (ms % 1000) * 1e6];
}
