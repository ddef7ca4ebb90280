/** What a caller of the job service, or a user of the command line, did to a job. */
export interface JobAuditEntry {
  readonly action: 'job.submitted' | 'job.cancelled' | 'job.retried';
  readonly jobId: string;
  readonly actor: string;
  readonly tenant?: string | undefined;
  /** Under this id the log of the service has the request; undefined for the command line. */
  readonly requestId?: string | undefined;
}

/** Writes who did what into the audit log, before it is done. Errors: DATABASE_*. */
export interface JobAudit {
  record(entry: JobAuditEntry): Promise<void>;
}
