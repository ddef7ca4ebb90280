import type { WorkflowDirectory } from '../../../src/ports';
import { FaultPlan } from './faults';

/** Workflows are closed unless they were opened here. */
export class FakeWorkflowDirectory implements WorkflowDirectory {
  readonly faults = new FaultPlan<keyof WorkflowDirectory>('TEMPORAL_UNREACHABLE');
  readonly open = new Set<string>();

  isOpen(workflowId: string): Promise<boolean> {
    return this.faults.run('isOpen', () => this.open.has(workflowId));
  }
}
