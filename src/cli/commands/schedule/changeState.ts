import type { AuditSchedules } from '../../../temporal/schedules';
import { openSchedules } from '../../connections/schedules';
import type { JsonOption } from '../../options';
import { EXIT, type Output } from '../../output';
import { requireScheduleId } from './requireScheduleId';

/** What was done to a schedule, and what the operator should know next. */
interface StateChange {
  readonly done: 'paused' | 'resumed' | 'triggered' | 'deleted';
  readonly next: string;
}

/** Makes one change to an existing schedule and prints it. SCHEDULE_NOT_FOUND, TEMPORAL_*. */
export async function changeState(
  scheduleId: string,
  { done, next }: StateChange,
  change: (schedules: AuditSchedules) => Promise<void>,
  { json = false }: JsonOption,
  output: Output,
): Promise<number> {
  requireScheduleId(scheduleId);
  await using temporal = await openSchedules();
  await change(temporal.schedules);
  output.result(json ? JSON.stringify({ scheduleId, done }) : `${done} schedule ${scheduleId}; ${next}`);
  return EXIT.ok;
}
