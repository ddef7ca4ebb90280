import type { Fault, FaultKind } from './plan';
import type { SimulationResult } from './simulate';

/** Calls that change nothing on the server. */
const READS: ReadonlySet<string> = new Set([
  'records.scan',
  'records.countUnsealed',
  'store.get',
  'store.listVersions',
  'store.readLock',
  'signer.listKeys',
  'signer.sign',
  'snapshots.find',
  'snapshots.listChunks',
  'snapshots.findChunk',
  'snapshots.listMarks',
  'snapshots.lastChunk',
  'snapshots.listSignedOverlaps',
  'leases.sequence',
  'leases.find',
  'ledger.head',
  'ledger.list',
  'writeCheck.tryWrites',
  'workflowStatus.isOpen',
]);

/**
 * False when this fault has the same effect in its plan as another fault, or none. A read has no side effect: it does not
 * matter whether the request or the response is lost, and reading twice equals reading once. A change that is not read before
 * the next call could as well happen with that call, unless a fault is injected there too (`more` faults follow).
 */
export function isDistinct(run: SimulationResult, { at, kind }: Fault, more: boolean): boolean {
  if (at === run.calls) return true;
  if (kind === 'unacknowledged' || kind === 'duplicated') return !READS.has(run.sites[at - 1] ?? '');
  if (kind !== 'lateRecord' && kind !== 'keyRotated' && kind !== 'clockForward' && kind !== 'clockBack')
    return true;
  return isRead(run, kind, at) || (more && isRead(run, kind, at + 1));
}

function isRead({ sites, clockReads }: SimulationResult, kind: FaultKind, at: number): boolean {
  if (kind === 'lateRecord') return sites[at - 1]?.startsWith('records.') === true;
  if (kind === 'keyRotated') return sites[at - 1]?.startsWith('signer.') === true;
  return clockReads.has(at);
}
