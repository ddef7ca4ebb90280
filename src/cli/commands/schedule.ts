import type { Command } from 'commander';
import { addLazyCommand } from '../lazyCommand';

/** `schedule`: Temporal Schedules that seal contiguous windows; docs/schedules.md. */
export function define(schedule: Command): void {
  schedule.description('manage Temporal Schedules that seal one window after another, without a gap');
  addLazyCommand(schedule, 'create', 'create a schedule', () => require('./schedule/create'));
  addLazyCommand(schedule, 'update', 'change settings of a schedule', () => require('./schedule/update'));
  addLazyCommand(schedule, 'list', 'list the schedules of this installation', () =>
    require('./schedule/list'),
  );
  addLazyCommand(schedule, 'show', 'show one schedule, its progress and its runs', () =>
    require('./schedule/show'),
  );
  addLazyCommand(schedule, 'pause', 'stop starting runs until the schedule is resumed', () =>
    require('./schedule/pause'),
  );
  addLazyCommand(schedule, 'resume', 'start runs again', () => require('./schedule/resume'));
  addLazyCommand(schedule, 'trigger', 'start a run now', () => require('./schedule/trigger'));
  addLazyCommand(schedule, 'backfill', 'start runs for past times', () => require('./schedule/backfill'));
  addLazyCommand(schedule, 'delete', 'delete a schedule', () => require('./schedule/delete'));
}
