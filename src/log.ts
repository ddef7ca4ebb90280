import { isSpanContextValid, trace } from '@opentelemetry/api';
import { pino, type Logger } from 'pino';

/**
 * A JSON log on standard output. When its reader is gone (EPIPE), the log ends and the process does not. Pino's own
 * destination would retry the last line for ever and keep the process from exiting.
 */
export function createLog(name: string, level: string): Logger {
  process.stdout.on('error', () => undefined);
  return pino({ level, name, mixin: traceOf }, process.stdout);
}

/** The trace that a line belongs to, under the names that OpenTelemetry's log bridges use; nothing while traces are off. */
function traceOf(): object {
  const span = trace.getActiveSpan()?.spanContext();
  return span && isSpanContextValid(span) ? { trace_id: span.traceId, span_id: span.spanId } : {};
}
