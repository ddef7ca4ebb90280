import { Option, type Command } from 'commander';
import { JOB_STATUSES, type JobStatus } from '../../contract/jobStatus';
import type { IJob } from '../../models/job.model';
import { MongoJobStore } from '../../mongo/jobStore';
import { action } from '../action';
import { paintStatus } from '../colors';
import { openDatabase } from '../connections/database';
import { jobView } from '../jobView';
import {
  addWindowOptions,
  example,
  jsonOption,
  parseCount,
  parseDurationOption,
  type JsonOption,
  type WindowOptions,
} from '../options';
import { EXIT, type Output } from '../output';
import { readWindow } from '../readWindow';
import { relativeTime } from '../relativeTime';
import { renderTable } from '../table';

interface ListOptions extends JsonOption, WindowOptions {
  readonly status?: JobStatus;
  /** Seconds. */
  readonly since?: number;
  readonly limit: number;
}

/** `list`: the jobs in the database. */
export function define(command: Command): void {
  addWindowOptions(command, {
    first: 'start of a range of log time; only jobs whose window overlaps it',
    last: 'end of the range, inclusive',
  })
    .description('list jobs, newest first, with window, status, number of records and findings')
    .addOption(new Option('--status <status>', 'only jobs with this status').choices(JOB_STATUSES))
    .option(
      '--since <duration>',
      'only jobs created within this time before now, e.g. 7d',
      parseDurationOption,
    )
    .option('--limit <n>', 'maximum number of jobs', parseCount, 20)
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot list --status failed --since 7d'))
    .action(action(list));
}

async function list(options: ListOptions, output: Output): Promise<number> {
  const { limit, status, since } = options;
  const within = readWindow(options);
  await using database = await openDatabase();
  const nowMs = Date.now();
  const { jobs, next } = await new MongoJobStore(database.connection).list({
    limit,
    nowMs,
    ...(status === undefined ? {} : { status }),
    ...(since === undefined ? {} : { createdFromMs: nowMs - since * 1000 }),
    ...(within ? { fromMs: Date.parse(within.from), toMs: Date.parse(within.to) } : {}),
  });
  if (options.json === true) {
    output.result(JSON.stringify({ jobs: jobs.map(jobView), more: next !== undefined }));
    return EXIT.ok;
  }
  output.result(jobs.length === 0 ? 'no jobs' : renderTable(COLUMNS, jobs.map(rowOf)));
  if (next) output.note(`there are more; --limit ${limit * 2} shows more, --from and --to fewer`);
  return EXIT.ok;
}

const COLUMNS = ['job', 'created', 'status', 'from', 'to', 'records', 'findings', 'late', 'ledger'];

function rowOf({ _id, status, payload, result, error, createdAt }: IJob): string[] {
  const outcome = result
    ? [result.recordCount, result.findingCount, result.lateCount, result.ledgerIndex].map(String)
    : [error?.code ?? '', '', '', ''];
  return [_id, relativeTime(createdAt), paintStatus(status), payload.from, payload.to, ...outcome];
}
