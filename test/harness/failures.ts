import { ChunkPacker } from '../../src/evidence/chunkPacker';
import { verifyEvidence, type EvidenceOptions } from '../../src/verify/verifyEvidence';
import type { Failure } from '../../src/verify/report';
import { readerOf } from './evidence';
import type { EvidenceSet } from './evidenceSet';

/** What a person reads of one failure; long base64 and hex are shortened, entries of the ledger left out. */
export function describeFailure({ layer, kind, object, expected, found }: Failure): string {
  return `${layer}, ${kind}: ${object}: expected ${expected}, found ${found}`
    .replaceAll(/[A-Za-z0-9+/]{40,}=?/g, (long) => `${long.slice(0, 6)}…`)
    .replaceAll(/\{.*\}/g, '{…}');
}

/** The verdict over a changed evidence set, and every failure in words. */
export async function failuresOf(
  set: EvidenceSet,
  change: (objects: Map<string, Buffer>) => unknown,
  options: Partial<EvidenceOptions> = {},
): Promise<string[]> {
  const objects = new Map(set.objects);
  await change(objects);
  const listed = [...objects.keys()];
  const given = { trust: set.trust, found: set.snapshotIds, listed, ...options };
  const { report } = await verifyEvidence(readerOf(objects), given);
  const parts = [report.ledger, ...report.snapshots, report.listing, report.coverage];
  return [report.verdict, ...parts.flatMap((part) => part?.failures ?? []).map(describeFailure)];
}

/** A chunk of these documents. */
export async function packed(...documents: Uint8Array[]): Promise<Buffer> {
  const packer = new ChunkPacker();
  for (const document of documents) await packer.append(document);
  return packer.finish();
}
