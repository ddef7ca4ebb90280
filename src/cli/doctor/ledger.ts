import { readSealingConfig } from '../../config';
import { LEDGER_CHECKPOINT_KEY } from '../../evidence/objectKeys';
import { MAX_CHECKPOINT_BYTES } from '../../evidence/limits';
import { parseCheckpoint, parseNote } from '../../tlog/note';
import { openObjectStore } from '../connections/objectStore';
import type { Check } from './check';

interface LedgerFacts {
  /** The configured one. */
  readonly origin: string;
  /** The head of the ledger in the bucket; undefined in a new bucket. */
  readonly head: { readonly origin: string; readonly size: number } | undefined;
}

/** Reads the checkpoint of the bucket; it is not verified. STORAGE_*, EVIDENCE_MALFORMED. */
export async function measureLedger(): Promise<LedgerFacts> {
  const stored = await openObjectStore().get(LEDGER_CHECKPOINT_KEY, MAX_CHECKPOINT_BYTES);
  const { origin } = readSealingConfig();
  return { origin, head: stored && parseCheckpoint(parseNote(stored.body).text) };
}

export function judgeLedger({ origin, head }: LedgerFacts): readonly Check[] {
  const check = 'ledger';
  if (!head) return [{ check, state: 'ok', found: `none yet; the first snapshot starts that of ${origin}` }];
  const found = `${head.size} snapshots of ${head.origin}`;
  if (head.origin === origin) return [{ check, state: 'ok', found }];
  const advice = `AUDIT_ORIGIN is ${origin}: one bucket holds the ledger of one origin`;
  return [{ check, state: 'fail', found, advice }];
}
