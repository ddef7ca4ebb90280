import { isScheduleId } from '../../../contract/scheduleJobIds';
import { SnapshotError } from '../../../errors';

/** USAGE_INVALID unless the text is the id of a schedule. */
export function requireScheduleId(scheduleId: string): void {
  if (isScheduleId(scheduleId)) return;
  const message = 'the id of a schedule is 1 to 36 lowercase letters, digits and hyphens';
  throw new SnapshotError('USAGE_INVALID', message);
}
