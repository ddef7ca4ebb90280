import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import { ERROR_CODES } from '../errors';
import type { MetricEvent, SealingMetrics } from '../ports/sealingMetrics';

/**
 * The room of monitoring: the metrics of the product, the health of the servers it needs, and the HTTP endpoint that shows
 * both. Worker and job service each register what they measure; docs/operations.md lists every metric. Every label has few
 * values, which are fixed here or by the configuration, never by a request or a record.
 */

const PREFIX = 'audit_snapshot_';
/** From one round trip to the timeout of an activity. */
const STAGE_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
const REQUEST_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** A registry with the metrics that Node.js itself gives: memory, processor time, event loop lag. */
export function newRegistry(): Registry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return registry;
}

const gauge = (registers: [Registry], name: string, help: string, labelNames: string[] = []) =>
  new Gauge({ name: `${PREFIX}${name}`, help, labelNames, registers });
const counter = (registers: [Registry], name: string, help: string, labelNames: string[] = []) =>
  new Counter({ name: `${PREFIX}${name}`, help, labelNames, registers });

/** Errors by code. A code that is not in the list of codes counts as INTERNAL, so the label stays bounded. */
export function errorCounter(registry: Registry): (code: string) => void {
  const errors = counter([registry], 'errors_total', 'Errors by their code.', ['code']);
  return (code) => errors.inc({ code: ERROR_CODES.find((known) => known === code) ?? 'INTERNAL' });
}

/** Pollers of the task queue, as Temporal lists them. */
export function pollersGauge(registry: Registry) {
  return gauge([registry], 'pollers', 'Workers that poll the task queue, as Temporal lists them.', ['queue']);
}

/** What the worker processes of one supervisor count. */
export function sealingMetrics(registry: Registry): SealingMetrics {
  const registers: [Registry] = [registry];
  const countError = errorCounter(registry);
  const stages = new Histogram({
    name: `${PREFIX}stage_duration_seconds`,
    help: 'Duration of the activities of each stage that ended without an error.',
    labelNames: ['stage'],
    buckets: STAGE_BUCKETS,
    registers,
  });
  const records = counter(registers, 'records_sealed_total', 'Records of closed snapshots.');
  const bytes = counter(registers, 'bytes_sealed_total', 'Bytes of chunks that were stored and hashed.');
  const late = counter(
    registers,
    'late_records_total',
    'Records that a snapshot missed as they arrived late.',
  );
  const waits = counter(registers, 'lease_waits_total', 'Requests for a window that another job held.');
  const findings = counter(
    registers,
    'findings_total',
    'Records that did not match their hash when sealed.',
    ['kind'],
  );
  const record = (event: MetricEvent): void => {
    switch (event.kind) {
      case 'error':
        return countError(event.code);
      case 'stage':
        return stages.observe({ stage: event.stage }, event.seconds);
      case 'chunk':
        bytes.inc(event.sizeBytes);
        for (const [kind, count] of Object.entries(event.findings)) findings.inc({ kind }, count);
        return;
      case 'snapshot':
        records.inc(event.recordCount);
        return late.inc(event.lateCount);
      case 'leaseWait':
        return waits.inc();
    }
  };
  return { record };
}

/** Worker processes by state, and the worst event loop lag among them. */
export function processGauges(registry: Registry) {
  const registers: [Registry] = [registry];
  return {
    workers: gauge(registers, 'workers', 'Worker processes of this supervisor by state.', ['state']),
    lagSeconds: gauge(
      registers,
      'event_loop_lag_seconds',
      'The longest delay of the event loop of a worker process in the last seconds.',
    ),
  };
}

/** What the probes of a supervisor measure from time to time. */
export function probeGauges(registry: Registry) {
  const registers: [Registry] = [registry];
  const of = (name: string, help: string, ...labels: string[]) => gauge(registers, name, help, labels);
  return {
    sealedUntil: of('sealed_until_timestamp_seconds', 'Log time is sealed up to here.', 'schedule'),
    paused: of('schedule_paused', '1 while the schedule is paused.', 'schedule'),
    interval: of('schedule_interval_seconds', 'The longest time between two windows.', 'schedule'),
    unsealed: of('unsealed_records', 'Records after the last sealed instant.', 'schedule'),
    ineligible: of('ineligible_records', 'Records that are in no window, up to 10,000.', 'kind'),
    drift: of('drift_records', 'Drift that the last verification found.', 'kind'),
    verified: of('last_verification_timestamp_seconds', 'End of the last verification by result.', 'result'),
    retention: of('retention_remaining_seconds', 'Time until the lock of the evidence ends.', 'scope'),
    ledgerSize: of('ledger_size', 'Entries of the ledger in the database.'),
    ledgerConsistent: of('ledger_consistent', '1 if bucket and database have the same ledger.'),
    keyAge: of('signing_key_age_seconds', 'Age of the key version that signs.'),
  };
}
export type ProbeGauges = ReturnType<typeof probeGauges>;

/** Duration of HTTP requests of the job service; `route` is the pattern of the route, not the URL. */
export function requestHistogram(registry: Registry) {
  return new Histogram({
    name: `${PREFIX}http_request_duration_seconds`,
    help: 'Duration of the requests of the job service.',
    labelNames: ['method', 'route', 'status'],
    buckets: REQUEST_BUCKETS,
    registers: [registry],
  });
}
