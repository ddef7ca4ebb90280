import { parseArgs } from 'node:util';
import { LargeLedger, type ReadCost } from '../harness/largeLedger';
import { verifyEvidence } from '../../src/verify/verifyEvidence';
import { verifyEvidenceSince } from '../../src/verify/verifyEvidenceSince';

const USAGE = `npm run scale [-- --days <n>] [-- --recheck <n>]

Counts what a verification reads from a bucket with one small snapshot a day: the first one, of everything, and the one of
the next day, from a kept checkpoint (verify --since). Listings count: each page is a request of 400 bytes a version. Exit
code 1 when the second reads more than 2% of the requests or bytes of the first, or when either is not VERIFIED.

  --days <n>     snapshots at the first verification, default 10000
  --recheck <n>  earlier snapshots that --since verifies again, default 5, which is that of verify --recheck
`;

const MAX_SHARE = 0.02;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      help: { type: 'boolean', default: false },
      days: { type: 'string', default: '10000' },
      recheck: { type: 'string', default: '5' },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const [days, recheck] = [Number(values.days), Number(values.recheck)];
  if (!Number.isInteger(days) || !Number.isInteger(recheck) || days < 1 || recheck < 0)
    throw new Error(USAGE);
  process.exitCode = (await measure(days, recheck)) ? 0 : 1;
}

/** True when both are VERIFIED, and the second reads little enough. */
async function measure(days: number, recheck: number): Promise<boolean> {
  const ledger = await LargeLedger.of(days);
  const { trust } = ledger;
  const first: ReadCost = { requests: 0, bytes: 0 };
  const { report: whole } = await verifyEvidence(ledger.reader(first), { trust, found: [] });
  printRow('verification', 'verdict', 'requests', 'bytes');
  printCost(`all ${days} days`, whole.verdict, first);

  const kept = ledger.checkpoint();
  await ledger.seal();
  const next: ReadCost = { requests: 0, bytes: 0 };
  const options = { trust, kept, recheck, seed: 'scale' };
  const { report } = await verifyEvidenceSince(ledger.reader(next), options);
  printCost(`day ${days + 1} since the checkpoint`, report.verdict, next);

  const [requests, bytes] = [next.requests / first.requests, next.bytes / first.bytes];
  printRow('share', '', percent(requests), percent(bytes));
  const areVerified = whole.verdict === 'VERIFIED' && report.verdict === 'VERIFIED';
  return areVerified && Math.max(requests, bytes) <= MAX_SHARE;
}

function printCost(what: string, verdict: string, { requests, bytes }: ReadCost): void {
  printRow(what, verdict, String(requests), String(bytes));
}

function printRow(what: string, verdict: string, requests: string, bytes: string): void {
  console.log(`${what.padEnd(36)} ${verdict.padEnd(12)} ${requests.padStart(10)} ${bytes.padStart(12)}`);
}

function percent(share: number): string {
  return `${(share * 100).toFixed(3)}%`;
}

void main();
