import { connectDatabase } from '../mongo/connection';
import { connectObjectStore } from '../storage/minioObjectStore';
import { readDatabaseConfig, readSealingConfig, readStorageConfig } from '../config';
import { snapshotIdOf } from '../contract/names';
import { SnapshotError } from '../errors';
import { manifestKey } from '../evidence/objectKeys';
import type { JobStatus } from '../contract/jobStatus';
import type { IJob } from '../models/job.model';
import type { Lease } from '../ports/windowLeaseStore';
import type { ObjectLock } from '../ports/objectStore';
import type { SnapshotRow } from '../ports/snapshotRepository';
import { MongoJobStore } from '../mongo/jobStore';
import { MongoSnapshotRepository } from '../mongo/snapshotRepository';
import { MongoWindowLeaseStore } from '../mongo/windowLeaseStore';
import { EXIT, type Output } from './output';
import { readWindow } from './readWindow';
import { renderTable } from './table';

export interface ListOptions {
  readonly status?: JobStatus;
  readonly from?: string;
  readonly to?: string;
  /** Seconds. */
  readonly since?: number;
  readonly limit: number;
  readonly json?: boolean;
}

/** Prints jobs, newest first, with the window and what came of it. DATABASE_*. */
export async function list(options: ListOptions, output: Output): Promise<number> {
  const within = readWindow(options);
  const connection = await connectDatabase(readDatabaseConfig().uri);
  try {
    const nowMs = Date.now();
    const { jobs, next } = await new MongoJobStore(connection).list({
      limit: options.limit,
      nowMs,
      ...(options.status === undefined ? {} : { status: options.status }),
      ...(options.since === undefined ? {} : { createdFromMs: nowMs - options.since * 1000 }),
      ...(within ? { fromMs: Date.parse(within.from), toMs: Date.parse(within.to) } : {}),
    });
    if (options.json === true) {
      output.result(JSON.stringify({ jobs: jobs.map(jobOf), more: next !== undefined }));
      return EXIT.ok;
    }
    output.result(jobs.length === 0 ? 'no jobs' : renderTable(HEAD, jobs.map(rowOf)));
    if (next) output.note(`there are more; --limit ${options.limit * 2} shows more, --from and --to fewer`);
    return EXIT.ok;
  } finally {
    await connection.close();
  }
}

const HEAD = ['job', 'status', 'from', 'to', 'records', 'findings', 'late', 'ledger'];

function rowOf({ _id, status, payload, result, error }: IJob): string[] {
  const counts = result
    ? [result.recordCount, result.findingCount, result.lateCount, result.ledgerIndex].map(String)
    : [error?.code ?? '', '', '', ''];
  return [_id, status, payload.from, payload.to, ...counts];
}

/** A job as it is printed; members in the words of the job service. */
function jobOf({ _id, type, status, payload, result, error, createdAt, updatedAt }: IJob) {
  const times = { createdAt: createdAt.toISOString(), updatedAt: updatedAt.toISOString() };
  return { jobId: _id, snapshotId: snapshotIdOf(_id), type, status, payload, result, error, ...times };
}

interface ShownObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  readonly lock: { readonly mode: ObjectLock['mode']; readonly until: string } | null;
  readonly legalHold: boolean;
}

/** Everything that is known of one job and its snapshot. JOB_NOT_FOUND, DATABASE_*, STORAGE_*. */
export async function show(
  id: string,
  options: { readonly json?: boolean },
  output: Output,
): Promise<number> {
  const jobId = id.replace(/^snap-/, '');
  const connection = await connectDatabase(readDatabaseConfig().uri);
  try {
    const job = await new MongoJobStore(connection).find(jobId);
    const rows = new MongoSnapshotRepository(connection);
    const row = await rows.find(snapshotIdOf(jobId));
    if (!job && !row)
      throw new SnapshotError('JOB_NOT_FOUND', `there is no job or snapshot ${id}; see: audit-snapshot list`);
    const lease = await new MongoWindowLeaseStore(connection, readSealingConfig().origin).find(
      snapshotIdOf(jobId),
    );
    const marks = row ? await rows.listMarks(row.snapshotId) : [];
    const marked = marks.reduce((sum, { count }) => sum + count, 0);
    const objects = row ? await objectsOf(connection, row) : [];
    if (options.json === true) {
      const shown = {
        job: job ? jobOf(job) : null,
        snapshot: row ?? null,
        marked,
        lease: lease ?? null,
        objects,
      };
      output.result(JSON.stringify(shown));
    } else output.result(describe(job, row, marked, lease, objects));
    return EXIT.ok;
  } finally {
    await connection.close();
  }
}

/** The objects of the asset with the lock that storage says they have. */
async function objectsOf(
  connection: Awaited<ReturnType<typeof connectDatabase>>,
  { snapshotId }: SnapshotRow,
): Promise<readonly ShownObject[]> {
  const asset = await connection.collection('assets').findOne({ snapshotId });
  const listed = (asset?.['objects'] ?? []) as readonly {
    key: string;
    versionId: string;
    sizeBytes: number;
  }[];
  const store = connectObjectStore(readStorageConfig());
  return Promise.all(
    listed.map(async ({ key, versionId, sizeBytes }) => {
      const lock = await store.readLock(key, versionId);
      const legalHold = await store.readLegalHold(key, versionId);
      const shown = lock ? { mode: lock.mode, until: lock.until.toISOString() } : null;
      return { key, versionId, sizeBytes, lock: shown, legalHold };
    }),
  );
}

function describe(
  job: IJob | undefined,
  row: SnapshotRow | undefined,
  marked: number,
  lease: Lease | undefined,
  objects: readonly ShownObject[],
): string {
  const facts: [string, string][] = [];
  const add = (name: string, value: string | number | null | undefined): void => {
    if (value !== undefined && value !== null && value !== '') facts.push([name, String(value)]);
  };
  add('job', job && `${job._id}, ${job.status}`);
  add('failed with', job?.error && `${job.error.code}: ${job.error.reason}`);
  add('snapshot', row?.snapshotId);
  add('window', row && `${row.window.from} → ${row.window.to}`);
  add('opened', row?.openedAt);
  add('records', row?.manifest?.recordCount);
  add('findings', row?.manifest?.findingCount);
  add('marked', row?.manifest ? `${marked} of ${row.manifest.recordCount}` : undefined);
  add('late', row?.result?.lateCount);
  add('conflicts', row?.result?.conflictCount);
  add('manifest', row?.manifest && `${manifestKey(row.snapshotId)}, sha256 ${row.manifest.sha256}`);
  add('signed with', row?.signature && `key version ${row.keyVersion}`);
  add('asset', row?.snapshotAssetId);
  add('ledger index', row?.ledgerIndex);
  add('retained until', row?.retainUntil);
  add('holds its window', lease && (lease.signing ? 'yes, and signing began' : 'yes'));
  const text = facts.map(([name, value]) => `${name.padEnd(17)} ${value}`).join('\n');
  if (objects.length === 0) return text;
  const table = renderTable(
    ['object', 'bytes', 'locked until', 'hold'],
    objects.map(({ key, sizeBytes, lock, legalHold }) => [
      key,
      String(sizeBytes),
      lock ? `${lock.until} ${lock.mode}` : 'not locked',
      legalHold ? 'legal hold' : '',
    ]),
  );
  return `${text}\n\n${table}`;
}
