import { setTimeout as pause } from 'node:timers/promises';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { SCHEDULE_WORKFLOW_PREFIX, type AuditScheduleResult } from '../../src/contract/schedule';
import type { AuditSchedules } from '../../src/temporal/schedules';

/** The run of a schedule for one nominal time. */
export function scheduledRun(client: Client, scheduleId: string, nominalTime: string): WorkflowHandle {
  const time = nominalTime.replace('.000', '');
  return client.workflow.getHandle(`${SCHEDULE_WORKFLOW_PREFIX}${scheduleId}-${time}`);
}

/** Waits for a run that is not `former`: a second run of a nominal time has the same workflow id. */
export async function startedRun(
  client: Client,
  scheduleId: string,
  nominalTime: string,
  former?: string,
): Promise<WorkflowHandle> {
  const handle = scheduledRun(client, scheduleId, nominalTime);
  for (;;) {
    const found = await handle.describe().catch(() => undefined);
    if (found && found.runId !== former) return handle;
    await pause(100);
  }
}

/** Lets a schedule start one run for a nominal time; resolves to its result. */
export async function backfillRun(
  client: Client,
  schedules: AuditSchedules,
  scheduleId: string,
  nominalTime: string,
): Promise<AuditScheduleResult> {
  const known = scheduledRun(client, scheduleId, nominalTime).describe();
  const former = await known.catch(() => undefined);
  const at = new Date(nominalTime);
  await schedules.backfill(scheduleId, at, at, 'allow-all');
  const handle = await startedRun(client, scheduleId, nominalTime, former?.runId);
  return (await handle.result()) as AuditScheduleResult;
}
