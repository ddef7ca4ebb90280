/** Every metric of the product with its labels, as docs/operations.md lists them; `pod` and `instance` come from scraping. */
export const METRICS: Readonly<Record<string, readonly string[]>> = {
  audit_snapshot_sealed_until_timestamp_seconds: ['schedule'],
  audit_snapshot_schedule_paused: ['schedule'],
  audit_snapshot_schedule_interval_seconds: ['schedule'],
  audit_snapshot_unsealed_records: ['schedule'],
  audit_snapshot_ineligible_records: ['kind'],
  audit_snapshot_records_sealed_total: [],
  audit_snapshot_bytes_sealed_total: [],
  audit_snapshot_stage_duration_seconds: ['stage', 'le'],
  audit_snapshot_findings_total: ['kind'],
  audit_snapshot_drift_records: ['kind'],
  audit_snapshot_late_records_total: [],
  audit_snapshot_lease_waits_total: [],
  audit_snapshot_retention_remaining_seconds: ['scope'],
  audit_snapshot_ledger_size: [],
  audit_snapshot_ledger_consistent: [],
  audit_snapshot_last_verification_timestamp_seconds: ['result'],
  audit_snapshot_signing_key_age_seconds: [],
  audit_snapshot_errors_total: ['code'],
  audit_snapshot_workers: ['state'],
  audit_snapshot_event_loop_lag_seconds: [],
  audit_snapshot_http_request_duration_seconds: ['method', 'route', 'status', 'le'],
  audit_snapshot_pollers: ['queue'],
};

const SCRAPED = ['job', 'instance', 'pod'];

/** A histogram is written with a suffix. */
const metricOf = (written: string) =>
  written in METRICS ? written : written.replace(/_(bucket|sum|count)$/, '');

/** What a query asks for that the product does not report: a metric, or a label in the braces of one. */
export function unknownIn(query: string): string[] {
  return [...query.matchAll(/(audit_snapshot_\w+)(?:\{([^}]*)\})?/g)].flatMap(([, written, braces = '']) => {
    const metric = metricOf(written!);
    const known = METRICS[metric];
    if (known === undefined) return [written!];
    const labels = [...braces.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)].map(([, label]) => label!);
    return labels
      .filter((label) => !known.includes(label) && !SCRAPED.includes(label))
      .map((label) => `${metric}{${label}}`);
  });
}

/** The metrics that a query asks for. */
export function metricsIn(query: string): string[] {
  return [...query.matchAll(/audit_snapshot_\w+/g)].map(([written]) => metricOf(written));
}
