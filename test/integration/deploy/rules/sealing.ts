import { DAY, HOUR, type RuleCase } from './ruleCase';

const sealedUntil = 'audit_snapshot_sealed_until_timestamp_seconds{schedule="hourly"}';
const interval = 'audit_snapshot_schedule_interval_seconds{schedule="hourly"}';
const unsealed = 'audit_snapshot_unsealed_records{schedule="hourly"}';

export const SEALING: readonly RuleCase[] = [
  {
    alert: 'AuditSnapshotNotSealed',
    when: 'sealing stops for four hours, then catches up',
    series: [
      [sealedUntil, '0x240 14400x60'],
      [interval, '3600x300'],
    ],
    quiet: 3 * HOUR,
    fires: 3 * HOUR + 20,
    clears: 4 * HOUR + 10,
    labels: { schedule: 'hourly' },
    summary: 'Schedule hourly has sealed nothing for 3h 20m 0s.',
  },
  {
    alert: 'AuditSnapshotSchedulePaused',
    when: 'a schedule is paused for three hours',
    series: [['audit_snapshot_schedule_paused{schedule="hourly"}', '0x10 1x180 0x60']],
    quiet: HOUR,
    fires: 2 * HOUR,
    clears: 4 * HOUR,
    labels: { schedule: 'hourly' },
    summary: 'Schedule hourly is paused.',
  },
  {
    alert: 'AuditSnapshotBacklogGrowing',
    when: 'the lowest point of one day is above that of the day before',
    series: [
      [unsealed, `500x${DAY} 9000x${DAY + HOUR * 6} 500x${DAY}`],
      [interval, `3600x${4 * DAY}`],
    ],
    quiet: DAY,
    fires: 2 * DAY + 2 * HOUR,
    clears: 2 * DAY + 8 * HOUR,
    labels: { schedule: 'hourly' },
    summary: 'Schedule hourly had at least 9k unsealed records all day, more than the day before.',
  },
  {
    alert: 'AuditSnapshotIneligibleRecords',
    when: 'records that no window can include are found and repaired',
    series: [['audit_snapshot_ineligible_records{kind="no_timestamp"}', '0x10 12x180 0x60']],
    quiet: HOUR,
    fires: 2 * HOUR,
    clears: 4 * HOUR,
    labels: { kind: 'no_timestamp' },
    summary: '12 records cannot be sealed as they are (no_timestamp).',
  },
  {
    alert: 'AuditSnapshotLeaseWaits',
    when: 'a job waits every five minutes for an hour',
    series: [['audit_snapshot_lease_waits_total', '0x60 0+0.2x60 12x120']],
    quiet: HOUR,
    fires: 2 * HOUR,
    clears: 4 * HOUR,
    summary: 'Jobs waited 12 times within an hour for windows that other jobs hold.',
  },
];
