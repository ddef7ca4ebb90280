import { createHash } from 'node:crypto';
import {
  verifyEvidence,
  type EvidenceOptions,
  type EvidenceReport,
} from '../../../src/verify/verifyEvidence';
import { readerOf } from '../../harness/evidence';
import { signDraft, type SignedEvidence } from './draft';
import { ledgerLies } from './ledgerLies';
import type { Lie } from './lie';
import { manifestLies } from './manifestLies';
import { recordLies } from './recordLies';
import { trueLedger } from './trueLedger';

/** Every lie of the campaign. */
export function allLies(): Lie[] {
  return [...recordLies(), ...manifestLies(), ...ledgerLies()];
}

/** The evidence of the honest ledger with this one lie in it. */
export async function evidenceWith(lie: Lie): Promise<SignedEvidence> {
  const draft = trueLedger();
  lie.tell(draft);
  return signDraft(draft);
}

/** What an auditor gets to see who verifies a directory of this evidence with its trust file. */
export async function reportOn(
  { objects, trust }: SignedEvidence,
  options: Pick<EvidenceOptions, 'scanner'> = {},
): Promise<EvidenceReport> {
  const listed = [...objects.keys()];
  const snapshots = listed.filter((key) => key.startsWith('snapshots/'));
  const found = [...new Set(snapshots.map((key) => key.split('/')[1]!))];
  const { report } = await verifyEvidence(readerOf(objects), { ...options, trust, found, listed });
  return report;
}

/** The first failure of a report, in one line; undefined when it has none. */
export function firstFailure(report: EvidenceReport): string | undefined {
  const parts = [report.ledger, ...report.snapshots, report.listing].filter((part) => part !== null);
  const [failure] = parts.flatMap(({ failures }) => failures);
  return (
    failure && `${failure.layer}: ${failure.object}: expected ${failure.expected}, found ${failure.found}`
  );
}

/** Identifies evidence: two lies that lead to the same bytes are one. */
export function digestOf({ objects, trust }: SignedEvidence): string {
  const hash = createHash('sha256').update(JSON.stringify(trust));
  for (const [key, body] of [...objects].toSorted(([left], [right]) => (left < right ? -1 : 1)))
    hash.update(`${key} ${body.length}\n`).update(body);
  return hash.digest('hex');
}
