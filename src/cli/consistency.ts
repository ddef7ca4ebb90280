import { SnapshotError } from '../errors';
import { proveLedgerConsistency } from '../verify/proveRecord';
import { rootOfLeaves } from '../tlog/merkle';
import { locateEvidence } from './evidenceSource';
import { EXIT, type Output } from './output';
import { openLedger } from './prove';

export interface ConsistencyOptions {
  readonly key: string;
  readonly dir?: string;
}

/** Prints, as JSON, the RFC 6962 proof that the ledger of `later` entries continues the one of `earlier`. */
export async function consistency(
  sizes: readonly [number, number],
  options: ConsistencyOptions,
  output: Output,
): Promise<number> {
  const ledger = await openLedger(await locateEvidence(options.dir), options.key);
  const [earlier, later] = sizes;
  if (earlier > later || later > ledger.size)
    throw new SnapshotError(
      'USAGE_INVALID',
      `sizes are asked for in order, up to ${ledger.size}: ${earlier} ${later}`,
    );
  const headOf = (size: number) => ({
    size,
    root: rootOfLeaves(ledger.leaves.slice(0, size)).toString('base64'),
  });
  const path = proveLedgerConsistency(ledger, earlier, later).map((hash) => hash.toString('base64'));
  output.result(JSON.stringify({ earlier: headOf(earlier), later: headOf(later), path }));
  return EXIT.ok;
}
