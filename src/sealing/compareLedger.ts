import { SnapshotError } from '../errors';
import type { LedgerHead, LedgerSequencer } from '../ports/ledgerSequencer';
import type { SigningKey } from '../ports/signer';
import { leafHash } from '../tlog/merkle';
import { checkEntries } from './checkEntries';
import { forked } from './ledgerErrors';
import { readBucketLedger, type LedgerReading, type VerificationKey } from './publishedLedger';

/** Bucket and database of one ledger, which agree. */
export interface LedgerComparison {
  readonly origin: string;
  /** Entries under the newest checkpoint. */
  readonly size: number;
  /** Entries that the database has committed and no checkpoint covers yet. */
  readonly waiting: number;
}

/**
 * Compares the checkpoint of the bucket in all versions, its entry bundles and the entries of the database. LEDGER_BEHIND,
 * LEDGER_FORKED, LEDGER_ROLLED_BACK, ORIGIN_MISMATCH; the message says what to do.
 */
export async function compareLedger(
  deps: LedgerReading & { readonly ledger: Pick<LedgerSequencer, 'head' | 'list'> },
  keys: readonly VerificationKey[],
): Promise<LedgerComparison> {
  const { published, bundledSize } = await readBucketLedger(deps, keys);
  const head = await requireAhead(deps.ledger, bundledSize);
  const size = published?.head.size ?? 0;
  const waiting = await deps.ledger.list(size, head.size);
  if (!deps.ledgerIndex.rootWith(size, waiting.map(leafHash)).equals(head.root))
    throw forked(`at ${size} entries, the ledger checkpoint and the database do not agree`);
  return { origin: deps.settings.origin, size, waiting: waiting.length };
}

/**
 * As {@link compareLedger}, and each entry that no checkpoint covers yet must follow from a manifest in the bucket that a
 * key of the signer has signed: LEDGER_ENTRY_INVALID.
 */
export async function compareProvenLedger(
  deps: LedgerReading & { readonly ledger: Pick<LedgerSequencer, 'head' | 'list'> },
  keys: readonly SigningKey[],
): Promise<LedgerComparison> {
  const compared = await compareLedger(deps, keys);
  const { size, waiting } = compared;
  await checkEntries(deps, keys, size, await deps.ledger.list(size, size + waiting));
  return compared;
}

/** The head that the database has committed. An entry is committed before anything of it is written: LEDGER_BEHIND. */
export async function requireAhead(
  ledger: Pick<LedgerSequencer, 'head'>,
  bundledSize: number,
): Promise<LedgerHead> {
  const head = await ledger.head();
  if (bundledSize <= head.size) return head;
  const message = `the bucket's ledger has ${bundledSize} entries, the database only ${head.size}: the database was restored to an older state. Nothing was signed; stop the workers, then run audit-snapshot restore --from-evidence --key trust.json`;
  throw new SnapshotError('LEDGER_BEHIND', message);
}
