import { z } from 'zod';
import { malformed } from '../errors';
import { MAX_ENTRY_BYTES } from '../tlog/tiles';
import { canonicalJson, parseCanonicalJson } from './canonicalJson';
import { totalLeftOut } from './leftOut';
import type { Manifest } from './manifest';
import { base64Of32, count, hex32, instant, parseWith, snapshotId } from './schemas';

const ledgerEntry = z.strictObject({
  type: z.literal('snapshot'),
  snapshotId,
  window: z.strictObject({ from: instant, to: instant }),
  recordCount: count,
  root: base64Of32,
  manifestSha256: hex32,
  /** The sum of `leftOut` of the manifest, if it is above 0. */
  leftOut: z.int().min(1).optional(),
});

/** What the ledger says about one snapshot; docs/format.md, "Ledger". */
export type LedgerEntry = z.infer<typeof ledgerEntry>;

/** The bytes of the ledger entry of a manifest; `manifestSha256` is the hex SHA-256 of its stored bytes. */
export function entryOf(
  manifest: Pick<Manifest, 'snapshotId' | 'window' | 'recordCount' | 'root' | 'leftOut'>,
  manifestSha256: string,
): Buffer {
  const { snapshotId: id, window, recordCount, root } = manifest;
  const leftOut = manifest.leftOut ? totalLeftOut(manifest.leftOut) : 0;
  const entry = { type: 'snapshot', snapshotId: id, window, recordCount, root, manifestSha256 };
  return canonicalJson(leftOut === 0 ? entry : { ...entry, leftOut });
}

/** Reads an entry strictly: canonical JSON, no unknown member, a window in order. EVIDENCE_MALFORMED. */
export function parseEntry(bytes: Uint8Array): LedgerEntry {
  const entry = parseWith(ledgerEntry, parseCanonicalJson(bytes, MAX_ENTRY_BYTES), 'ledger entry');
  if (entry.window.from > entry.window.to)
    throw malformed(`ledger entry of ${entry.snapshotId}: its window ends before it starts`);
  return entry;
}
