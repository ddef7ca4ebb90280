import { HOUR, type RuleCase } from './ruleCase';

const running = (pod: string) => `audit_snapshot_workers{state="running", instance="${pod}", pod="${pod}"}`;
const dead = 'audit_snapshot_workers{state="dead", instance="worker-0", pod="worker-0"}';

export const PROCESSES: readonly RuleCase[] = [
  {
    alert: 'AuditSnapshotMetricsAbsent',
    when: 'nothing is scraped for an hour',
    series: [['audit_snapshot_ledger_size', '1x10 stale _x60 1x60']],
    quiet: 10,
    fires: 40,
    clears: 2 * HOUR,
    summary: 'No process of audit-snapshot reports metrics, so no other alert can fire.',
  },
  {
    alert: 'AuditSnapshotQueueUnpolled',
    when: 'no worker polls for an hour',
    series: [['audit_snapshot_pollers{queue="audit-snapshot"}', '2x10 0x60 2x60']],
    quiet: 5,
    fires: 30,
    clears: 2 * HOUR,
    labels: { queue: 'audit-snapshot' },
    summary: 'No worker polls the task queue audit-snapshot.',
  },
  {
    alert: 'AuditSnapshotNoWorkers',
    when: 'the processes of every supervisor are gone for an hour',
    series: [
      [running('worker-0'), '2x5 0x60 2x60'],
      [running('worker-1'), '2x10 0x60 0x60'],
    ],
    quiet: 8,
    fires: 30,
    clears: 2 * HOUR,
    labels: { state: 'running' },
    summary: 'The supervisors run, but no worker process does.',
  },
  {
    alert: 'AuditSnapshotWorkersDying',
    when: 'a process of one supervisor is dead for an hour',
    series: [[dead, '0x10 1x60 0x60']],
    quiet: 15,
    fires: 30,
    clears: 2 * HOUR,
    labels: { state: 'dead', instance: 'worker-0', pod: 'worker-0' },
    summary: 'Worker processes of worker-0 end repeatedly.',
  },
  {
    alert: 'AuditSnapshotErrors',
    when: 'one code occurs every minute for an hour',
    series: [
      ['audit_snapshot_errors_total{code="DATABASE_UNREACHABLE"}', '0x30 0+1x60 60x60'],
      ['audit_snapshot_errors_total{code="WINDOW_BUSY"}', '0+100x180'],
    ],
    quiet: 30,
    fires: HOUR,
    clears: 2 * HOUR,
    labels: { code: 'DATABASE_UNREACHABLE' },
    summary: 'DATABASE_UNREACHABLE occurred 15 times within 15 minutes.',
  },
];
