/** Reads from Temporal whether a workflow is open, so that the lease of one that ended can be taken over. Errors: TEMPORAL_*. */
export interface WorkflowStatusReader {
  /** True while a run is open, paused ones included; false when it has closed or never existed. */
  isOpen(workflowId: string): Promise<boolean>;
}

/**
 * The latest run of a workflow: `ended` is every end but success. `unknown` means that Temporal has no run of it: it was
 * never started, its history has expired, or Temporal lost its database.
 */
export type WorkflowState = 'open' | 'completed' | 'ended' | 'unknown';

/** Reads how the latest run of a workflow ended. Errors: TEMPORAL_*. */
export interface WorkflowStateReader {
  stateOf(workflowId: string): Promise<WorkflowState>;
}
