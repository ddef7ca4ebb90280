/** Entry of the workflow bundle. */
export { auditSnapshotWorkflow } from './auditSnapshotWorkflow';
export { auditVerifyWorkflow } from './auditVerifyWorkflow';
