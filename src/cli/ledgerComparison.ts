import type { Connection } from 'mongoose';
import { MongoLedgerSequencer } from '../mongo/ledgerSequencer';
import { compareLedger, type LedgerComparison } from '../sealing/compareLedger';
import { LedgerIndex } from '../sealing/ledgerIndex';
import type { VerificationKey } from '../sealing/publishedLedger';
import { openObjectStore } from './connections/objectStore';
import { openSigner } from './connections/signer';

/** Compares the ledger of the bucket with that of the database; without `keys`, under those that the signer lists. */
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
  return compareLedger(deps, keys ?? (await (await openSigner()).listKeys()));
}
