import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  array,
  check,
  constantFrom,
  nat,
  oneof,
  property,
  record,
  string,
  tuple,
  uint8Array,
} from 'fast-check';
import { SnapshotError } from '../../src/errors';
import { proveRecord } from '../../src/verify/proveRecord';
import { verifyLedger } from '../../src/verify/verifyLedger';
import { readRecord } from '../../src/evidence/recordBytes';
import { readerOf } from '../harness/evidence';
import { bulkyRecord, evidenceSet } from '../harness/evidenceSet';
import { hostileCorpus, type Hostile } from './hostileCorpus';
import { parsersOf } from './parsers';

const USAGE = `npm run hostile -- [cases]

Runs \`verify\` on hostile evidence, one process a case: it must exit with 2, 3 or 4 within ten seconds and 512 MiB. Then
parses mutated evidence, by default 1000000 cases: each parser must return a value or throw EVIDENCE_MALFORMED. Needs a build.
Exit code 1 when a case fails.
`;

const MAX_RSS_KIB = 512 * 1024;
const MAX_MS = 10_000;
const CLI = resolve(__dirname, '../../dist/src/cli/main.js');

interface Outcome {
  readonly code: number | null;
  readonly ms: number;
  readonly rssKib: number;
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return;
  }
  const set = await evidenceSet(
    [[bulkyRecord(0, 90), bulkyRecord(1, 90), bulkyRecord(2, 90)], [bulkyRecord(5, 40)]],
    2,
  );
  const { ledger } = await verifyLedger(readerOf(set.objects), { trust: set.trust, key: 'pinned' });
  const recordId = readRecord(bulkyRecord(1, 90)).id;
  const proof = await proveRecord(readerOf(set.objects), ledger!, { snapshotId: 'snap-job-1', recordId });
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-hostile-'));
  let count = 0;
  let [peakKib, slowestMs] = [0, 0];
  const faults: string[] = [];
  for (const hostile of hostileCorpus(set, proof, directory)) {
    const { code, ms, rssKib } = await verify(hostile);
    count++;
    peakKib = Math.max(peakKib, rssKib);
    slowestMs = Math.max(slowestMs, ms);
    if (![2, 3, 4].includes(code ?? -1) || rssKib > MAX_RSS_KIB || ms > MAX_MS)
      faults.push(`${hostile.name}: exit ${code}, ${ms} ms, ${rssKib} KiB`);
  }
  rmSync(directory, { recursive: true, force: true });
  const cases = Number(process.argv[2] ?? 1_000_000);
  const parsers = Object.entries(parsersOf(set, proof));
  for (const [name, { samples, parse }] of parsers)
    faults.push(...fuzz(name, samples, parse, Math.ceil(cases / parsers.length)));
  for (const fault of faults) console.log(`FAULT ${fault}`);
  const peak = `peak ${Math.round(peakKib / 1024)} MiB, slowest ${slowestMs} ms`;
  console.log(`${count} hostile files, ${cases} fuzzed cases: ${faults.length} faults; ${peak}`);
  process.exitCode = faults.length === 0 ? 0 : 1;
}

/** The kernel records the peak memory of a process; it is read while the process lives. */
async function verify({ target, keyFile }: Hostile): Promise<Outcome> {
  const startMs = performance.now();
  const child = spawn('node', [CLI, 'verify', target, '--key', keyFile], { stdio: 'ignore' });
  let rssKib = 0;
  const sampling = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      rssKib = Math.max(rssKib, Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
    } catch {
      // It has just ended.
    }
  }, 10);
  const kill = setTimeout(() => child.kill('SIGKILL'), MAX_MS + 5_000);
  const code = await new Promise<number | null>((settle) => void child.on('exit', settle));
  clearInterval(sampling);
  clearTimeout(kill);
  return { code, ms: Math.round(performance.now() - startMs), rssKib };
}

/** A parser returns a value or throws EVIDENCE_MALFORMED, whatever the bytes. */
function fuzz(
  name: string,
  samples: readonly Buffer[],
  parse: (bytes: Buffer) => unknown,
  runs: number,
): string[] {
  const edit = record({
    at: nat(),
    drop: nat(8),
    put: oneof(
      uint8Array({ maxLength: 8 }),
      string({ maxLength: 8 }).map((text) => Buffer.from(text)),
    ),
  });
  const bytes = tuple(constantFrom(...samples), array(edit, { minLength: 1, maxLength: 4 })).map(
    ([sample, edits]) =>
      edits.reduce((from, { at, drop, put }) => {
        const start = at % (from.length + 1);
        return Buffer.concat([from.subarray(0, start), put, from.subarray(start + drop)]);
      }, sample),
  );
  const outcome = check(
    property(bytes, (input) => {
      try {
        parse(input);
      } catch (error) {
        if (!(error instanceof SnapshotError) || error.code !== 'EVIDENCE_MALFORMED') throw error;
      }
    }),
    { numRuns: runs },
  );
  return outcome.failed
    ? [`${name}: ${String(outcome.errorInstance)} on ${JSON.stringify(outcome.counterexample)}`.slice(0, 500)]
    : [];
}

void main();
