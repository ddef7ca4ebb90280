import type { WorkflowStatusReader } from '../../../src/ports/workflowStatusReader';
import { FaultPlan } from './faults';

/** Workflows are closed unless they were opened here. */
export class FakeWorkflowStatusReader implements WorkflowStatusReader {
  readonly faults = new FaultPlan<keyof WorkflowStatusReader>('TEMPORAL_UNREACHABLE');
  readonly open = new Set<string>();

  isOpen(workflowId: string): Promise<boolean> {
    return this.faults.run('isOpen', () => this.open.has(workflowId));
  }
}
