import type { Connection } from 'mongoose';
import { MongoLedgerSequencer } from '../mongo/ledgerSequencer';
import { compareLedger, compareProvenLedger, type LedgerComparison } from '../sealing/compareLedger';
import { LedgerIndex } from '../sealing/ledgerIndex';
import type { VerificationKey } from '../sealing/publishedLedger';
import { openObjectStore } from './connections/objectStore';
import { openSigner } from './connections/signer';

/**
 * Compares the ledger of the bucket with that of the database; without `keys`, under those that the signer lists, which also
 * prove the entries that are not published yet.
 */
export async function compareWithBucket(
  connection: Connection,
  origin: string,
  keys?: readonly VerificationKey[],
): Promise<LedgerComparison> {
  const deps = {
    store: openObjectStore(),
    ledger: new MongoLedgerSequencer(connection, origin),
    ledgerIndex: new LedgerIndex(),
    settings: { origin },
  };
  if (keys) return compareLedger(deps, keys);
  return compareProvenLedger(deps, await (await openSigner()).listKeys());
}
