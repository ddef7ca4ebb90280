import { STARTS_AT_ONE, HOUR, days, type RuleCase } from './ruleCase';

export const LEDGER: readonly RuleCase[] = [
  {
    alert: 'AuditSnapshotLedgerForked',
    when: 'one of two instances sees an inconsistent ledger',
    series: [
      ['audit_snapshot_ledger_consistent{instance="a", pod="worker-0"}', '1x200'],
      ['audit_snapshot_ledger_consistent{instance="b", pod="worker-1"}', '1x10 0x60 1x100'],
    ],
    quiet: 5,
    fires: 20,
    clears: 2 * HOUR,
    summary: 'The bucket and the database contain different histories of the ledger.',
  },
  {
    alert: 'AuditSnapshotLedgerForked',
    when: 'a job ends because the ledger is forked',
    series: [['audit_snapshot_errors_total{code="LEDGER_FORKED"}', STARTS_AT_ONE]],
    quiet: 5,
    fires: 20,
    clears: 2 * HOUR,
    labels: { code: 'LEDGER_FORKED' },
    summary: 'The bucket and the database contain different histories of the ledger.',
  },
  {
    alert: 'AuditSnapshotLedgerRolledBack',
    when: 'the database was restored to an older state, and then to the newest',
    series: [['audit_snapshot_ledger_size', '100x10 90x60 101x60']],
    quiet: 5,
    fires: 30,
    clears: 2 * HOUR,
    summary: 'The ledger has fewer entries than before.',
  },
  {
    alert: 'AuditSnapshotLedgerRolledBack',
    when: 'a job ends because the database knows fewer entries than the bucket',
    series: [['audit_snapshot_errors_total{code="LEDGER_BEHIND"}', STARTS_AT_ONE]],
    quiet: 5,
    fires: 30,
    clears: 2 * HOUR,
    labels: { code: 'LEDGER_BEHIND' },
    summary: 'The ledger has fewer entries than before.',
  },
  {
    alert: 'AuditSnapshotLedgerRetentionEnding',
    when: 'the lock of the ledger has 29 days left until it is extended',
    series: [
      [
        'audit_snapshot_retention_remaining_seconds{scope="ledger"}',
        `${days(31)}x10 ${days(29)}x180 ${days(400)}x60`,
      ],
    ],
    quiet: 5,
    fires: 2 * HOUR,
    clears: 4 * HOUR,
    labels: { scope: 'ledger' },
    summary: 'The lock of the ledger ends in 29d 0h 0m 0s.',
  },
  {
    alert: 'AuditSnapshotSigningKeyOld',
    when: 'a key is eleven months old until it is rotated',
    series: [['audit_snapshot_signing_key_age_seconds', `${days(300)}x10 ${days(336)}x180 0x60`]],
    quiet: 5,
    fires: 2 * HOUR,
    clears: 4 * HOUR,
    summary: 'The signing key is 336d 0h 0m 0s old; rotate it before it is a year old.',
  },
];
