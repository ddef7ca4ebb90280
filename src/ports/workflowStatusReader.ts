/** Knows whether a workflow is still open, so that the lease of a dead one can be taken over. */
export interface WorkflowStatusReader {
  isOpen(workflowId: string): Promise<boolean>;
}
