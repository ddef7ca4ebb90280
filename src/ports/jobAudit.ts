/** What a caller of the job service did to a job. */
export interface JobAuditEntry {
  readonly action: 'job.submitted' | 'job.cancelled' | 'job.retried';
  readonly jobId: string;
  readonly actor: string;
  readonly tenant?: string | undefined;
  /** Under this id the log of the service has the request. */
  readonly requestId: string;
}

/** Writes who did what into the audit log, before it is done. Errors: DATABASE_*. */
export interface JobAudit {
  record(entry: JobAuditEntry): Promise<void>;
}
