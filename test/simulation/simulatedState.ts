import { mongo } from 'mongoose';
import { snapshotIdOf } from '../../src/contract/names';
import type { EvidenceReader } from '../../src/verify/evidenceReader';
import type { FakeDeps } from '../harness/fakeDeps';
import type { FakeObjectStore } from '../harness/fakes/fakeObjectStore';
import type { QuiescentState } from '../harness/invariants';
import { memoizedExamine } from './memoizedInvariants';
import type { JobEnding } from './world';

/** What the fakes hold when all jobs have ended. `eligible` are the records to be sealed, if `sealed`. */
export async function quiescentStateOf(
  { records, store, ledger, assets, jobs, leases, workflowStatus }: FakeDeps,
  endings: readonly JobEnding[],
  eligible: readonly string[],
  sealed: boolean,
  evidence: Pick<QuiescentState, 'reader' | 'trust'>,
): Promise<QuiescentState> {
  const held = await Promise.all(endings.map(({ jobId }) => leases.find(snapshotIdOf(jobId))));
  const marksOf = (id: string) => ({
    snapshotId: records.sealedBy(id),
    times: records.markCounts.get(id) ?? 0,
  });
  return {
    ...evidence,
    eligible: sealed ? eligible : [],
    marks: new Map(eligible.map((id) => [id, marksOf(id)])),
    versions: new Map(store.keys().map((key) => [key, store.versions(key).length])),
    examine: memoizedExamine,
    ledger: ledger.leaves.map(({ entry }) => entry),
    assets: [...assets.assets.values()],
    auditEntries: records
      .ids()
      .filter((id) => !eligible.includes(id))
      .map((id) => mongo.BSON.deserialize(records.read(id)!))
      .filter((record) => record['action'] === 'snapshot.created')
      .map((record) => String(record['resourceId'])),
    jobs: jobs.jobs,
    failedJobs: new Set(endings.filter(({ result }) => result === undefined).map(({ jobId }) => jobId)),
    leases: held.flatMap((lease) => (lease ? [lease.snapshotId] : [])),
    openWorkflows: [...workflowStatus.open],
  };
}

/** Everything that the fakes hold, as a text that changes when something is written. */
export function fingerprintOf({ records, store, snapshots, ledger, assets, jobs }: FakeDeps): string {
  return JSON.stringify([
    store.keys().map((key) => store.versions(key).length),
    records.ids().length,
    [...records.markCounts],
    [...snapshots.snapshots.values()],
    ledger.leaves.length,
    assets.assets.size,
    [...jobs.jobs.values()].map(({ status, result }) => [status, result]),
  ]);
}

/** Reads evidence from the fake of storage, whatever it refuses to others. */
export function readerOf({ store }: FakeDeps): EvidenceReader {
  return {
    read: (key, version) => Promise.resolve(versionOf(store, key, version)?.body),
    readLock: (key, version) => Promise.resolve(versionOf(store, key, version)?.lock ?? 'no object'),
  };
}

function versionOf(store: FakeObjectStore, key: string, version: string | undefined) {
  const versions = store.versions(key);
  return version === undefined ? versions.at(-1) : versions.find((one) => one.versionId === version);
}
