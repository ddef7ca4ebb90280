import { Registry } from 'prom-client';
import {
  errorCounter,
  pollersGauge,
  probeGauges,
  processGauges,
  requestHistogram,
  sealingMetrics,
} from '../../../src/monitoring/metrics';
import { METRICS } from '../deploy/metrics';

const namesOf = (registry: Registry) =>
  registry.getMetricsAsArray().map((metric) => {
    const {
      name,
      labelNames = [],
      type,
    } = metric as unknown as {
      readonly name: string;
      readonly labelNames?: readonly string[];
      readonly type: unknown;
    };
    return [name, labelNames.toSorted(), type] as const;
  });

test('worker and job service register exactly the metrics that the documentation lists, with the same labels', async () => {
  const [worker, service] = [new Registry(), new Registry()];
  sealingMetrics(worker);
  probeGauges(worker);
  processGauges(worker);
  pollersGauge(worker);
  errorCounter(service);
  pollersGauge(service);
  requestHistogram(service);
  const registered = [...namesOf(worker), ...namesOf(service)].map(
    ([name, labels]) => [name, labels] as const,
  );
  const listed = Object.entries(METRICS).map(
    ([name, labels]) => [name, labels.filter((label) => label !== 'le').toSorted()] as const,
  );
  expect(Object.fromEntries(registered)).toEqual(Object.fromEntries(listed));
});

test('a code that is in no list counts as INTERNAL, so a message can add no series', async () => {
  const registry = new Registry();
  const count = errorCounter(registry);
  count('WINDOW_BUSY');
  count('user-4711');
  count('user-4712');
  const text = await registry.metrics();
  expect(text).toContain('audit_snapshot_errors_total{code="WINDOW_BUSY"} 1');
  expect(text).toContain('audit_snapshot_errors_total{code="INTERNAL"} 2');
  expect(text).not.toContain('4711');
});

test('what the worker processes report is counted', async () => {
  const registry = new Registry();
  const metrics = sealingMetrics(registry);
  metrics.record({ kind: 'chunk', sizeBytes: 100, findings: { 'hash-mismatch': 2, 'hash-missing': 0 } });
  metrics.record({ kind: 'chunk', sizeBytes: 50, findings: { 'hash-mismatch': 1, 'hash-missing': 0 } });
  metrics.record({ kind: 'snapshot', recordCount: 7, lateCount: 1 });
  metrics.record({ kind: 'leaseWait' });
  metrics.record({ kind: 'error', code: 'STORAGE_CONFLICT' });
  metrics.record({ kind: 'stage', stage: 'hashing', seconds: 0.2 });
  const text = await registry.metrics();
  for (const line of [
    'audit_snapshot_bytes_sealed_total 150',
    'audit_snapshot_findings_total{kind="hash-mismatch"} 3',
    'audit_snapshot_records_sealed_total 7',
    'audit_snapshot_late_records_total 1',
    'audit_snapshot_lease_waits_total 1',
    'audit_snapshot_errors_total{code="STORAGE_CONFLICT"} 1',
    'audit_snapshot_stage_duration_seconds_count{stage="hashing"} 1',
  ])
    expect(text).toContain(`\n${line}\n`);
});
