import type { Command } from 'commander';
import type { Connection } from 'mongoose';
import { readDatabaseConfig, readSealingConfig, readStorageConfig } from '../../config';
import { readTogether } from '../../config/problems';
import { snapshotIdOf } from '../../contract/names';
import { SnapshotError } from '../../errors';
import { describeLeftOut } from '../../evidence/leftOut';
import { manifestKey } from '../../evidence/objectKeys';
import { assetModel } from '../../models/asset.model';
import type { IJob } from '../../models/job.model';
import { onDatabase } from '../../mongo/errors';
import { MongoJobStore } from '../../mongo/jobStore';
import { MongoSnapshotRepository } from '../../mongo/snapshotRepository';
import { MongoWindowLeaseStore } from '../../mongo/windowLeaseStore';
import type { ObjectLock } from '../../ports/objectStore';
import type { SnapshotRow } from '../../ports/snapshotRepository';
import type { Lease } from '../../ports/windowLeaseStore';
import { action } from '../action';
import { paintStatus } from '../colors';
import { openDatabase } from '../connections/database';
import { openObjectStore } from '../connections/objectStore';
import { jobView } from '../jobView';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { relativeTime } from '../relativeTime';
import { renderTable } from '../table';

interface LockedObject {
  readonly key: string;
  readonly versionId: string;
  readonly sizeBytes: number;
  readonly lock: { readonly mode: ObjectLock['mode']; readonly until: string } | null;
  readonly legalHold: boolean;
}

/** What database and storage know of one job and its snapshot; there is a job or a snapshot. */
interface Shown {
  readonly job: IJob | undefined;
  readonly snapshot: SnapshotRow | undefined;
  /** Records that are marked so far. */
  readonly marked: number;
  readonly lease: Lease | undefined;
  readonly objects: readonly LockedObject[];
}

/** `show`: one job and its snapshot. */
export function define(command: Command): void {
  command
    .description(
      'show everything about one job and its snapshot: counts, signature, asset, ledger, objects and locks',
    )
    .argument('<jobId | snapshotId>')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot show snap-65f0c0ffee65f0c0ffee65f0'))
    .action(action(show));
}

async function show(id: string, { json = false }: JsonOption, output: Output): Promise<number> {
  readTogether({
    database: () => readDatabaseConfig(),
    sealing: () => readSealingConfig(),
    storage: () => readStorageConfig(),
  });
  await using database = await openDatabase();
  const shown = await readShown(database.connection, id.replace(/^snap-/, ''));
  const { job, snapshot, lease } = shown;
  if (!job && !snapshot)
    throw new SnapshotError('JOB_NOT_FOUND', `there is no job or snapshot ${id}; see: audit-snapshot list`);
  output.result(
    json
      ? JSON.stringify({
          ...shown,
          job: job ? jobView(job) : null,
          snapshot: snapshot ?? null,
          lease: lease ?? null,
        })
      : describe(shown),
  );
  return EXIT.ok;
}

async function readShown(connection: Connection, jobId: string): Promise<Shown> {
  const snapshotId = snapshotIdOf(jobId);
  const snapshots = new MongoSnapshotRepository(connection);
  const leases = new MongoWindowLeaseStore(connection, readSealingConfig().origin);
  const snapshot = await snapshots.find(snapshotId);
  const marks = snapshot ? await snapshots.listMarks(snapshotId) : [];
  return {
    job: await new MongoJobStore(connection).find(jobId),
    snapshot,
    marked: marks.reduce((sum, { count }) => sum + count, 0),
    lease: await leases.find(snapshotId),
    objects: snapshot ? await readObjects(connection, snapshotId) : [],
  };
}

/** The objects of the asset, with the locks that storage reports. */
async function readObjects(connection: Connection, snapshotId: string): Promise<readonly LockedObject[]> {
  const asset = await onDatabase(`asset of ${snapshotId}`, () =>
    assetModel(connection).findOne({ snapshotId }).lean(),
  );
  const store = openObjectStore();
  return Promise.all(
    (asset?.objects ?? []).map(async ({ key, versionId, sizeBytes }) => {
      const lock = await store.readLock(key, versionId);
      const legalHold = await store.readLegalHold(key, versionId);
      const until = lock ? { mode: lock.mode, until: lock.until.toISOString() } : null;
      return { key, versionId, sizeBytes, lock: until, legalHold };
    }),
  );
}

function describe(shown: Shown): string {
  const facts = [...jobFacts(shown), ...snapshotFacts(shown)];
  const text = facts
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name.padEnd(17)} ${value}`)
    .join('\n');
  return shown.objects.length === 0 ? text : `${text}\n\n${objectTable(shown.objects)}`;
}

/** A line of the text; it is left out when there is no value. */
type Fact = readonly [name: string, value: string | number | null | undefined];

function jobFacts({ job }: Shown): Fact[] {
  if (!job) return [];
  const { _id, status, error, createdAt } = job;
  return [
    ['job', `${_id}, ${paintStatus(status)}`],
    ['created', withAge(createdAt.toISOString())],
    ['failed with', error && `${error.code}: ${error.reason}`],
  ];
}

function snapshotFacts({ snapshot, marked, lease }: Shown): Fact[] {
  if (!snapshot) return [];
  const { snapshotId, window, openedAt, manifest, result, signature, keyVersion } = snapshot;
  return [
    ['snapshot', snapshotId],
    ['window', `${window.from} → ${window.to}`],
    ['opened', withAge(openedAt)],
    ['records', manifest?.recordCount],
    ['findings', manifest?.findingCount],
    ['marked', manifest && `${marked} of ${manifest.recordCount}`],
    ['left out', snapshot.leftOut && describeLeftOut(snapshot.leftOut)],
    ['late', result?.lateCount],
    ['conflicts', result?.conflictCount],
    ['manifest', manifest && `${manifestKey(snapshotId)}, sha256 ${manifest.sha256}`],
    ['signed with', signature && `key version ${keyVersion}`],
    ['asset', snapshot.snapshotAssetId],
    ['ledger index', snapshot.ledgerIndex],
    ['retained until', snapshot.retainUntil && withAge(snapshot.retainUntil)],
    ['window lease', lease && (lease.signing ? 'held, and signing has begun' : 'held')],
  ];
}

function withAge(instant: string): string {
  return `${instant}, ${relativeTime(instant)}`;
}

function objectTable(objects: readonly LockedObject[]): string {
  return renderTable(
    ['object', 'bytes', 'locked until', 'hold'],
    objects.map(({ key, sizeBytes, lock, legalHold }) => [
      key,
      String(sizeBytes),
      lock ? `${lock.until} ${lock.mode}` : 'not locked',
      legalHold ? 'legal hold' : '',
    ]),
  );
}
