import { runCheckProgram } from '../harness/checkProgram';
import { signDraft, type SignedEvidence } from './lies/draft';
import { allLies, digestOf, evidenceWith, firstFailure, reportOn } from './lies/tellLies';
import { trueLedger } from './lies/trueLedger';

const USAGE = `npm run lies -- [--list] [--check-py]

A signer that lies builds false snapshots and ledgers around a true one: wrong times, order, counts, late records, windows,
repeated records, origins, keys. Everything is signed with the keys that the auditor pinned. No lie may be VERIFIED, and the
verifier must name each. The true ledger must be VERIFIED.

  --list      print each lie, its verdict and the first failure
  --check-py  run docs/check.py on each, too: it must accept the true ledger and refuse every lie (needs Python and openssl)

Exit code 1 when a lie is not found.
`;

interface Tally {
  told: number;
  invalid: number;
  incomplete: number;
}

async function main(options: ReadonlySet<string>): Promise<void> {
  if (options.has('--help')) return console.log(USAGE);
  const faults: string[] = [];
  const truth = await signDraft(trueLedger());
  const { verdict } = await reportOn(truth);
  if (verdict !== 'VERIFIED') faults.push(`the true ledger is ${verdict}`);
  if (options.has('--check-py')) faults.push(...checkPyFaults('the true ledger', truth, /^VERIFIED/));

  const tallies = new Map<string, Tally>();
  const seen = new Set([digestOf(truth)]);
  for (const lie of allLies()) {
    const evidence = await evidenceWith(lie);
    const digest = digestOf(evidence);
    if (seen.has(digest)) continue;
    seen.add(digest);
    const report = await reportOn(evidence);
    const failure = firstFailure(report);
    const name = `${lie.kind}: ${lie.name}`;
    if (report.verdict === 'VERIFIED' || failure === undefined) faults.push(`${name}: ${report.verdict}`);
    if (options.has('--check-py'))
      faults.push(...checkPyFaults(name, evidence, /^(NOT VERIFIED|INCOMPLETE)/));
    if (options.has('--list')) console.log(`${name}\n  ${report.verdict}: ${failure ?? 'nothing named'}`);
    count(tallies, lie.kind, report.verdict);
  }
  print(tallies, faults, seen.size - 1);
  process.exitCode = faults.length > 0 ? 1 : 0;
}

function count(tallies: Map<string, Tally>, kind: string, verdict: string): void {
  const tally = tallies.get(kind) ?? { told: 0, invalid: 0, incomplete: 0 };
  tallies.set(kind, tally);
  tally.told++;
  if (verdict === 'NOT VERIFIED') tally.invalid++;
  if (verdict === 'INCOMPLETE') tally.incomplete++;
}

function print(tallies: ReadonlyMap<string, Tally>, faults: readonly string[], lies: number): void {
  for (const [kind, { told, invalid, incomplete }] of tallies)
    console.log(
      `${kind.padEnd(12)} ${String(told).padStart(4)} lies: ${invalid} NOT VERIFIED, ${incomplete} INCOMPLETE`,
    );
  for (const fault of faults) console.log(`NOT FOUND  ${fault}`);
  console.log(`${lies} lies, ${faults.length} not found`);
}

/** What is wrong with the answer of check.py about this evidence. */
function checkPyFaults(name: string, evidence: SignedEvidence, expected: RegExp): string[] {
  const [answer = ''] = runCheckProgram([evidence]);
  return expected.test(answer) ? [] : [`${name}: check.py says ${answer}`];
}

void main(new Set(process.argv.slice(2)));
