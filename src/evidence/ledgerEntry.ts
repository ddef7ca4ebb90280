import { z } from 'zod';
import { canonicalJson, parseCanonicalJson } from './canonicalJson';
import { malformed } from '../tlog/malformed';
import type { Manifest } from './manifest';
import { base64Of32, count, hex32, instant, snapshotId } from './schemas';
import { MAX_ENTRY_BYTES } from '../tlog/tiles';

const ledgerEntry = z.strictObject({
  snapshotId,
  window: z.strictObject({ from: instant, to: instant }),
  recordCount: count,
  root: base64Of32,
  manifestSha256: hex32,
});

/** What the ledger says of one snapshot; docs/format.md, "Ledger". */
export type LedgerEntry = z.infer<typeof ledgerEntry>;

/** The entry of a manifest, whose stored bytes have this hex SHA-256. */
export function entryOf(
  {
    snapshotId: id,
    window,
    recordCount,
    root,
  }: Pick<Manifest, 'snapshotId' | 'window' | 'recordCount' | 'root'>,
  manifestSha256: string,
): Buffer {
  return canonicalJson({ snapshotId: id, window, recordCount, root, manifestSha256 });
}

/** Reads an entry strictly: canonical JSON, no unknown member, a window in order. EVIDENCE_MALFORMED. */
export function parseEntry(bytes: Uint8Array): LedgerEntry {
  const parsed = ledgerEntry.safeParse(parseCanonicalJson(bytes, MAX_ENTRY_BYTES));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw malformed(`ledger entry: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
  }
  const { window } = parsed.data;
  if (window.from > window.to)
    throw malformed(`ledger entry of ${parsed.data.snapshotId}: its window ends in front of its start`);
  return parsed.data;
}
