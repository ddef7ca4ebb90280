/** Reads from Temporal whether a workflow is open, so that the lease of one that ended can be taken over. Errors: TEMPORAL_*. */
export interface WorkflowStatusReader {
  /** True while a run is open, paused ones included; false when it has closed or never existed. */
  isOpen(workflowId: string): Promise<boolean>;
}
