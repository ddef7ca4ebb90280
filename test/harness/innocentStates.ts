import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { makeTrustFile, type TrustFile } from '../../src/evidence/trustFile';
import { messageOf } from '../../src/errors';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import { bucketReader, directoryReader } from '../../src/verify/evidenceReaders';
import { listObjects, snapshotIdsOf } from '../../src/verify/listObjects';
import { verifyEvidence } from '../../src/verify/verifyEvidence';
import { auditFakes } from './driftAudit';
import { FakeDeps } from './fakeDeps';
import { FOREIGN_KEYS } from './foreignKeys';
import { exportTo, exported } from './interruptedExport';
import { InProcessRun, type InProcessOptions } from './inProcessEngine';
import { probedDeps } from './probedDeps';
import type { ActivityName } from './sealingActivities';

/** A state that nobody is to blame for, and whom a verification of it accused. */
export interface InnocentState {
  readonly name: string;
  readonly accusations: readonly string[];
}

const HOUR_MS = 3_600_000;
/** A few days before the clock of the fakes, within the allowance for late records. */
const START_MS = Date.parse('2026-05-29T00:00:00.000Z');
const LATE_ALLOWANCE_MS = 7 * 24 * HOUR_MS;
const ACTIVITIES: readonly ActivityName[] = [
  'openSnapshot',
  'queryBatch',
  'hashBatch',
  'sealManifest',
  'signManifest',
  'registerAsset',
  'appendToLedger',
  'markImmutable',
  'recordSnapshot',
  'reportJob',
];

export function newDeps(): FakeDeps {
  const deps = new FakeDeps();
  deps.store.now = new Date(deps.clock.nowMs());
  return deps;
}

function windowOf(hour: number): { readonly from: string; readonly to: string } {
  const fromMs = START_MS + hour * HOUR_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
}

export async function trustOf(deps: FakeDeps): Promise<TrustFile> {
  return makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
}

/** Logs a few records of an hour and seals it; the run may be told to fail. */
export async function seal(
  deps: FakeDeps,
  hour: number,
  options: InProcessOptions & { readonly jobId?: string; readonly cancelBefore?: ActivityName } = {},
): Promise<void> {
  const { jobId = `hour-${hour}`, cancelBefore, ...others } = options;
  const run = new InProcessRun(deps, {
    ...others,
    before: (name, attempt) => {
      if (name === cancelBefore) run.cancel();
      others.before?.(name, attempt);
    },
  });
  // A run that is cancelled or dies is one of the states.
  await run.run({ jobId, ...windowOf(hour) }).catch(() => undefined);
}

export function logHour(deps: FakeDeps, hour: number, count = 6, offsetMs = 0): void {
  deps.logEntries(count, new Date(START_MS + hour * HOUR_MS + offsetMs).toISOString());
}

/** Whom the verification of the bucket and of the live log accuses; reading has to succeed as well. */
export async function accusationsOf(deps: FakeDeps, trust: TrustFile): Promise<string[]> {
  return [
    ...(await evidenceAccusations(bucketReader(deps.store), trust, [])),
    ...(await liveAccusations(deps)),
  ];
}

async function evidenceAccusations(
  reader: EvidenceReader,
  trust: TrustFile,
  found: readonly string[],
  listed?: readonly string[],
): Promise<string[]> {
  try {
    const { report } = await verifyEvidence(reader, { trust, found, ...(listed ? { listed } : {}) });
    const parts = [report.ledger, ...report.snapshots, ...(report.listing ? [report.listing] : [])];
    const invalid = parts.flatMap(({ failures }) => failures).filter(({ kind }) => kind === 'invalid');
    const named = invalid.map(({ layer, object, found: actual }) => `${layer}: ${object}: ${actual}`);
    return report.verdict === 'NOT VERIFIED' && named.length === 0 ? ['NOT VERIFIED'] : named;
  } catch (error) {
    return [`verification failed: ${messageOf(error)}`];
  }
}

async function liveAccusations(deps: FakeDeps): Promise<string[]> {
  try {
    if (!deps.store.keys().includes('ledger/checkpoint')) return [];
    const { drifts } = await auditFakes(deps, { lateAllowanceMs: LATE_ALLOWANCE_MS });
    return drifts.map(
      ({ kind, snapshotId, recordId, object }) => `${kind}: ${snapshotId} ${recordId}${object ?? ''}`,
    );
  } catch (error) {
    return [`the live check failed: ${messageOf(error)}`];
  }
}

/** Every state between two calls of a port while a job runs; `every` skips some of them. */
async function statesOfJob(
  name: string,
  deps: FakeDeps,
  hour: number,
  every: number,
  options: { readonly jobId?: string; readonly trust?: TrustFile } = {},
): Promise<InnocentState[]> {
  const states: InnocentState[] = [];
  let calls = 0;
  const probed = probedDeps(deps, async (call) => {
    if (calls++ % every !== 0) return;
    const accusations = await accusationsOf(deps, options.trust ?? (await trustOf(deps)));
    states.push({ name: `${name}, call ${calls}: ${call}`, accusations });
  });
  await seal(probed, hour, options.jobId === undefined ? {} : { jobId: options.jobId });
  const trust = options.trust ?? (await trustOf(deps));
  states.push({ name: `${name}, afterwards`, accusations: await accusationsOf(deps, trust) });
  return states;
}

/** The steps of the first job, of a later one, of one after a rotation, and of one that seals late records. */
async function* runningJobs(every: number): AsyncGenerator<InnocentState> {
  const deps = newDeps();
  logHour(deps, 0);
  yield* await statesOfJob('the first job', deps, 0, every);
  logHour(deps, 1);
  yield* await statesOfJob('a later job', deps, 1, every);

  const earlier = await trustOf(deps);
  deps.clock.advance(HOUR_MS);
  deps.signer.rotate();
  logHour(deps, 2);
  yield* await statesOfJob('a job after a rotation', deps, 2, every);
  logHour(deps, 3);
  yield* await statesOfJob('a job after a rotation, with the earlier trust file', deps, 3, every, {
    trust: earlier,
  });

  logHour(deps, 0, 3, 60_000);
  yield* await statesOfJob('a job that seals late records', deps, 0, every, { jobId: 'late' });
}

/** A rotation between two calls of a running job. */
async function* rotations(every: number): AsyncGenerator<InnocentState> {
  for (const [index, activity] of ACTIVITIES.entries()) {
    if (index % every !== 0) continue;
    const deps = newDeps();
    logHour(deps, 0);
    await seal(deps, 0);
    const earlier = await trustOf(deps);
    logHour(deps, 1);
    let isRotated = false;
    const before = (name: ActivityName) => {
      if (name !== activity || isRotated) return;
      isRotated = true;
      deps.clock.advance(1000);
      deps.signer.rotate();
    };
    await seal(deps, 1, { before });
    for (const trust of [earlier, await trustOf(deps)])
      yield { name: `a rotation before ${activity}`, accusations: await accusationsOf(deps, trust) };
  }
}

/** A run that ends early at each activity, and the next run over the same window. */
async function* endedRuns(every: number): AsyncGenerator<InnocentState> {
  for (const [index, activity] of ACTIVITIES.entries()) {
    if (index % every !== 0) continue;
    for (const way of ['cancelBefore', 'dieBefore'] as const) {
      const deps = newDeps();
      logHour(deps, 0);
      await seal(deps, 0);
      logHour(deps, 1);
      await seal(deps, 1, { jobId: 'ended', [way]: activity });
      const trust = await trustOf(deps);
      const directory = await exported(deps, async (path) => directoryAccusations(path, trust));
      yield {
        name: `${way} ${activity}`,
        accusations: [...(await accusationsOf(deps, trust)), ...directory],
      };
      await seal(deps, 1, { jobId: 'ended' });
      yield { name: `${way} ${activity}, then run again`, accusations: await accusationsOf(deps, trust) };
      await seal(deps, 1, { jobId: 'next' });
      yield { name: `${way} ${activity}, then another job`, accusations: await accusationsOf(deps, trust) };
    }
  }
}

async function directoryAccusations(directory: string, trust: TrustFile): Promise<string[]> {
  const listed = await listObjects(directory);
  if (listed.length === 0) return [];
  const found = snapshotIdsOf(directory, listed);
  return evidenceAccusations(directoryReader(directory), trust, found, listed);
}

/** A first export that is interrupted, and one over an earlier, complete export. */
async function* interruptedExports(every: number): AsyncGenerator<InnocentState> {
  const deps = newDeps();
  for (const hour of [0, 1]) {
    logHour(deps, hour);
    await seal(deps, hour);
  }
  const trust = await trustOf(deps);
  const later = newDeps();
  Object.assign(later, { signer: deps.signer });
  for (const hour of [0, 1, 2]) {
    logHour(later, hour);
    await seal(later, hour);
  }
  for (let reads = 0; reads < 30; reads += every) {
    const first = await exported(deps, (directory) => directoryAccusations(directory, trust), reads);
    yield { name: `an export that is interrupted after ${reads} reads`, accusations: first };
    const again = await exported(later, async (directory) => {
      logHour(later, 3 + reads, 3);
      await seal(later, 3 + reads);
      await exportTo(later, directory, reads);
      return directoryAccusations(directory, trust);
    });
    yield { name: `a repeated export that is interrupted after ${reads} reads`, accusations: again };
  }
}

/** Each kind of foreign file in a directory of evidence, and the same object in the bucket. */
async function* foreignObjects(every: number): AsyncGenerator<InnocentState> {
  const deps = newDeps();
  for (const hour of [0, 1]) {
    logHour(deps, hour);
    await seal(deps, hour);
  }
  const trust = await trustOf(deps);
  for (const [index, key] of FOREIGN_KEYS.entries()) {
    if (index % every !== 0) continue;
    const accusations = await exported(deps, async (directory) => {
      const path = join(directory, key);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, 'not evidence');
      return directoryAccusations(directory, trust);
    });
    yield { name: `a directory with ${key}`, accusations };
    deps.store.overwrite(key, Buffer.from('not evidence'));
    yield { name: `a bucket with ${key}`, accusations: await accusationsOf(deps, trust) };
  }
}

/** Every innocent state. With `every` above 1, only each so many of a kind. */
export async function* innocentStates(every = 1): AsyncGenerator<InnocentState> {
  yield* runningJobs(every);
  yield* rotations(every);
  yield* endedRuns(every);
  yield* interruptedExports(every);
  yield* foreignObjects(every);
}
