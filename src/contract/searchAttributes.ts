/** Search attributes of a run, by Temporal type: what a person reads off the list page of the Web UI. */
export const SEARCH_ATTRIBUTES = {
  AuditJobId: 'Keyword',
  AuditSnapshotId: 'Keyword',
  AuditStage: 'Keyword',
  AuditWindowFrom: 'Datetime',
  AuditWindowTo: 'Datetime',
  AuditRecordCount: 'Int',
  AuditFindings: 'Int',
  AuditLateCount: 'Int',
} as const;
