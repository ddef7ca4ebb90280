import { STARTS_AT_ONE, DAY, HOUR, days, type RuleCase } from './ruleCase';

const verified = 'audit_snapshot_last_verification_timestamp_seconds{result="verified"}';
const invalid = 'audit_snapshot_last_verification_timestamp_seconds{result="invalid"}';
const oldest = 'audit_snapshot_retention_remaining_seconds{scope="oldest_snapshot"}';

export const EVIDENCE: readonly RuleCase[] = [
  {
    alert: 'AuditSnapshotFindings',
    when: 'the first altered record is met',
    series: [['audit_snapshot_findings_total{kind="hash_mismatch"}', STARTS_AT_ONE]],
    quiet: 5,
    fires: 20,
    clears: 2 * HOUR,
    labels: { kind: 'hash_mismatch' },
    summary: 'Records were altered before they were sealed (hash_mismatch).',
  },
  {
    alert: 'AuditSnapshotFindings',
    when: 'another altered record is met a day later',
    series: [['audit_snapshot_findings_total{kind="hash_mismatch"}', `1x${DAY} 2x200`]],
    quiet: DAY,
    fires: DAY + 20,
    clears: DAY + 2 * HOUR,
    labels: { kind: 'hash_mismatch' },
    summary: 'Records were altered before they were sealed (hash_mismatch).',
  },
  {
    alert: 'AuditSnapshotDrift',
    when: 'sealed records were altered, and then put back',
    series: [['audit_snapshot_drift_records{kind="altered"}', '0x10 3x60 0x60']],
    quiet: 5,
    fires: 20,
    clears: 2 * HOUR,
    labels: { kind: 'altered' },
    summary: '3 records of the live log differ from what was sealed (altered).',
  },
  {
    alert: 'AuditSnapshotConflict',
    when: 'storage returns other bytes than were stored',
    series: [['audit_snapshot_errors_total{code="STORAGE_CONFLICT"}', STARTS_AT_ONE]],
    quiet: 5,
    fires: 20,
    clears: 2 * HOUR,
    labels: { code: 'STORAGE_CONFLICT' },
    summary: 'Stored data differs from what was written (STORAGE_CONFLICT).',
  },
  {
    alert: 'AuditSnapshotVerificationFailed',
    when: 'a verification fails after one that succeeded, and a later one succeeds',
    series: [
      [verified, '60x120 7200x60'],
      [invalid, '_x60 3600x120'],
    ],
    quiet: 30,
    fires: 90,
    clears: 150,
    summary: 'The last verification of the evidence did not succeed.',
  },
  {
    alert: 'AuditSnapshotVerificationFailed',
    when: 'the first verification of all fails',
    series: [
      [verified, '_x120 7200x60'],
      [invalid, '_x60 3600x120'],
    ],
    quiet: 30,
    fires: 90,
    clears: 150,
    summary: 'The last verification of the evidence did not succeed.',
  },
  {
    alert: 'AuditSnapshotVerificationOverdue',
    when: 'two days pass without a verification',
    series: [[verified, `0x${2 * DAY + 2 * HOUR} ${days(2) + 7200}x120`]],
    quiet: DAY,
    fires: 2 * DAY + HOUR + 10,
    clears: 2 * DAY + 3 * HOUR,
    summary: 'The evidence was not verified within the last two days.',
  },
  {
    alert: 'AuditSnapshotVerificationOverdue',
    when: 'nothing was ever verified',
    series: [
      ['audit_snapshot_ledger_size', '0x60 1x400'],
      [verified, '_x180 10800x200'],
    ],
    quiet: HOUR,
    fires: 2 * HOUR + 10,
    clears: 4 * HOUR,
    summary: 'The evidence was not verified within the last two days.',
  },
  {
    alert: 'AuditSnapshotRetentionEnding',
    when: 'the lock of the oldest snapshot has 59 days left until it is extended',
    series: [[oldest, `${days(61)}x10 ${days(59)}x180 ${days(400)}x60`]],
    quiet: 5,
    fires: 2 * HOUR,
    clears: 4 * HOUR,
    labels: { scope: 'oldest_snapshot' },
    summary: 'The lock of the oldest snapshot ends in 59d 0h 0m 0s.',
  },
];
