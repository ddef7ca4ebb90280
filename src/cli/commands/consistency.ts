import type { Command } from 'commander';
import { SnapshotError } from '../../errors';
import { proveLedgerConsistency } from '../../verify/proveRecord';
import { rootOfLeaves } from '../../tlog/merkle';
import { action } from '../action';
import { locateEvidence, openLedger } from '../evidenceSource';
import { dirOption, example, jsonOption, keyOption, parseCount } from '../options';
import { EXIT, type Output } from '../output';

interface ConsistencyOptions {
  readonly key: string;
  readonly dir?: string;
}

/** `consistency`: an RFC 6962 consistency proof between two sizes of the ledger. */
export function define(command: Command): void {
  command
    .description(
      'print the tree heads of two sizes of the ledger and the consistency proof between them, always as JSON',
    )
    .argument('<earlier>', 'smaller size: a number of entries', parseCount)
    .argument('<later>', 'larger size: a number of entries', parseCount)
    .addOption(keyOption())
    .addOption(dirOption())
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot consistency 12 40 --key trust.json'))
    .action(action(consistency));
}

async function consistency(
  earlier: number,
  later: number,
  { key, dir }: ConsistencyOptions,
  output: Output,
): Promise<number> {
  const ledger = await openLedger(await locateEvidence(dir), key);
  if (earlier > later || later > ledger.size) {
    const message = `give the sizes in ascending order, up to ${ledger.size}: ${earlier} ${later}`;
    throw new SnapshotError('USAGE_INVALID', message);
  }
  const headOf = (size: number) => ({
    size,
    root: rootOfLeaves(ledger.leaves.slice(0, size)).toString('base64'),
  });
  const path = proveLedgerConsistency(ledger, earlier, later).map((hash) => hash.toString('base64'));
  output.result(JSON.stringify({ earlier: headOf(earlier), later: headOf(later), path }));
  return EXIT.ok;
}
