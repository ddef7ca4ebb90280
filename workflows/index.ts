/**
 * The room of workflows, and the entry of the workflow bundle: one file a workflow, with a folder for what it is made of.
 * `snapshot/` seals one window, `schedule/` seals the windows of a schedule, `verify/` compares the live log with the
 * ledger, `progress/` publishes how far each of them is. Everything here replays: it decides by its inputs and by what
 * activities returned, and a change must keep the histories of test/replay replaying.
 */
export { auditScheduleWorkflow } from './auditScheduleWorkflow';
export { auditSnapshotWorkflow } from './auditSnapshotWorkflow';
export { auditVerifyWorkflow } from './auditVerifyWorkflow';
