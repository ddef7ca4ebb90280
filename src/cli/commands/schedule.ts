import type { Command } from 'commander';
import { define as defineBackfill } from './schedule/backfill';
import { define as defineCreate } from './schedule/create';
import { define as defineDelete } from './schedule/delete';
import { define as defineList } from './schedule/list';
import { define as definePause } from './schedule/pause';
import { define as defineResume } from './schedule/resume';
import { define as defineShow } from './schedule/show';
import { define as defineTrigger } from './schedule/trigger';
import { define as defineUpdate } from './schedule/update';

/** `schedule`: Temporal Schedules that seal contiguous windows; docs/schedules.md. */
export function define(schedule: Command): void {
  schedule.description('seal the log window by window, by Temporal Schedules that leave no gap');
  defineCreate(schedule.command('create'));
  defineUpdate(schedule.command('update'));
  defineList(schedule.command('list'));
  defineShow(schedule.command('show'));
  definePause(schedule.command('pause'));
  defineResume(schedule.command('resume'));
  defineTrigger(schedule.command('trigger'));
  defineBackfill(schedule.command('backfill'));
  defineDelete(schedule.command('delete'));
}
