/** Entry of the workflow bundle. */
export { auditSnapshotWorkflow } from './auditSnapshotWorkflow';
