/** Entry of the workflow bundle. */
export { auditScheduleWorkflow } from './auditScheduleWorkflow';
export { auditSnapshotWorkflow } from './auditSnapshotWorkflow';
export { auditVerifyWorkflow } from './auditVerifyWorkflow';
