import { ChunkPacker } from '../../src/evidence/chunkPacker';
import { verifyEvidence, type EvidenceOptions } from '../../src/verify/verifyEvidence';
import type { Failure } from '../../src/verify/report';
import { readerOf } from './evidence';
import type { EvidenceSet } from './evidenceSet';

/** A failure in one line; long base64 and hex are shortened, ledger entries are left out. */
export function told({ layer, kind, object, expected, found }: Failure): string {
  return `${layer}, ${kind}: ${object}: expected ${expected}, found ${found}`
    .replaceAll(/[A-Za-z0-9+/]{40,}=?/g, (long) => `${long.slice(0, 6)}…`)
    .replaceAll(/\{.*\}/g, '{…}');
}

/** The verdict over a changed evidence set, followed by every failure in words. */
export async function findingsOf(
  set: EvidenceSet,
  change: (objects: Map<string, Buffer>) => unknown,
  options: Partial<EvidenceOptions> = {},
): Promise<string[]> {
  const objects = new Map(set.objects);
  await change(objects);
  const listed = [...objects.keys()];
  const given = { trust: set.trust, found: set.snapshotIds, listed, ...options };
  const { verdict, ledger, snapshots, listing, coverage } = await verifyEvidence(readerOf(objects), given);
  const parts = [ledger, ...snapshots, listing, coverage];
  return [verdict, ...parts.flatMap((part) => part?.failures ?? []).map(told)];
}

/** A chunk of these documents. */
export async function packed(...documents: Uint8Array[]): Promise<Buffer> {
  const packer = new ChunkPacker();
  for (const document of documents) await packer.append(document);
  return packer.finish();
}
