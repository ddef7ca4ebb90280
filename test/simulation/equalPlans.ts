import type { Fault, FaultKind } from './plan';
import type { Simulated } from './simulate';

/** Calls that change nothing on the other side. */
const READS: ReadonlySet<string> = new Set([
  'records.scan',
  'records.countUnsealed',
  'store.get',
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
  'workflowStatus.isOpen',
]);

/**
 * False when this fault does the same in its plan as another one, or as none. What is read leaves nothing behind: no matter
 * whether the question or the answer is lost, and asking twice is asking once. A change that nobody looks at before the next
 * call might as well come with that call, unless that one is struck as well (`more` faults follow).
 */
export function differs(run: Simulated, { at, kind }: Fault, more: boolean): boolean {
  if (at === run.calls) return true;
  if (kind === 'unacknowledged' || kind === 'duplicated') return !READS.has(run.sites[at - 1] ?? '');
  if (kind !== 'lateRecord' && kind !== 'keyRotated' && kind !== 'clockForward' && kind !== 'clockBack')
    return true;
  return looks(run, kind, at) || (more && looks(run, kind, at + 1));
}

function looks({ sites, clockReads }: Simulated, kind: FaultKind, at: number): boolean {
  if (kind === 'lateRecord') return sites[at - 1]?.startsWith('records.') === true;
  if (kind === 'keyRotated') return sites[at - 1]?.startsWith('signer.') === true;
  return clockReads.has(at);
}
