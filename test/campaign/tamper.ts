import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';
import { resolve } from 'node:path';
import { verifyEvidence } from '../../src/verify/verifyEvidence';
import { evidenceKey, readerOf } from '../harness/evidence';
import { bulkyRecord, evidenceSet, type EvidenceSet } from '../harness/evidenceSet';
import { splices } from './splices';

const USAGE = `npm run tamper

Changes a 64 KiB evidence set in every small way and verifies each result: every bit flipped, every object cut at every byte,
dropped, added, renamed and swapped, and every member of one valid set spliced into another. Exit code 1 when a change
is not found. Uses all cores.
`;

const SET_BYTES = 64 * 1024;
/** End of the key of a copy that is added. */
const ADDED = '.bak';

interface Tally {
  flips: number;
  cuts: number;
  moves: number;
  splices: number;
  readonly missed: string[];
}

/** Two snapshots and their ledger, of at least 64 KiB in all. */
async function makeSet(): Promise<EvidenceSet> {
  const records = Array.from({ length: 12 }, (_, index) => bulkyRecord(index, 4_900));
  const set = await evidenceSet([records, [bulkyRecord(90, 900), bulkyRecord(91, 900)]], 6);
  const size = [...set.objects.values()].reduce((sum, body) => sum + body.length, 0);
  if (size < SET_BYTES) throw new Error(`the set has only ${size} bytes`);
  return set;
}

async function isFound(set: EvidenceSet, objects: ReadonlyMap<string, Buffer>): Promise<boolean> {
  const listed = [...objects.keys()];
  const found = [
    ...new Set(listed.filter((key) => key.startsWith('snapshots/')).map((key) => key.split('/')[1]!)),
  ];
  const { report } = await verifyEvidence(readerOf(objects), { trust: set.trust, found, listed });
  // What is added beside the evidence is not evidence: a note names it.
  return report.verdict !== 'VERIFIED' || report.notes.some((note) => note.includes(ADDED));
}

async function run(part: number, parts: number): Promise<Tally> {
  const set = await makeSet();
  const tally: Tally = { flips: 0, cuts: 0, moves: 0, splices: 0, missed: [] };
  const expectFound = async (what: string, objects: ReadonlyMap<string, Buffer>) => {
    if (!(await isFound(set, objects))) tally.missed.push(what);
  };
  let turn = 0;
  const mine = () => turn++ % parts === part;
  for (const [key, body] of set.objects) {
    const copy = Buffer.from(body);
    const flipped = new Map(set.objects).set(key, copy);
    for (let bit = 0; bit < body.length * 8; bit++) {
      if (!mine()) continue;
      copy[bit >> 3]! ^= 1 << (bit & 7);
      await expectFound(`${key}: bit ${bit}`, flipped);
      copy[bit >> 3]! ^= 1 << (bit & 7);
      tally.flips++;
    }
    for (let length = 0; length < body.length; length++) {
      if (!mine()) continue;
      await expectFound(`${key}: cut at ${length}`, new Map(set.objects).set(key, body.subarray(0, length)));
      tally.cuts++;
    }
    if (mine()) {
      for (const [what, objects] of moves(set, key)) {
        await expectFound(what, objects);
        tally.moves++;
      }
    }
  }
  const other = await evidenceSet(
    [[bulkyRecord(7, 900)], [bulkyRecord(8, 900), bulkyRecord(9, 40)]],
    1,
    evidenceKey(1),
  );
  for (const [what, objects] of splices(set.objects, other.objects)) {
    if (!mine()) continue;
    await expectFound(what, objects);
    tally.splices++;
  }
  return tally;
}

/** One object dropped, renamed, added again under another key, and swapped with every other one. */
function* moves(set: EvidenceSet, key: string): Generator<[string, Map<string, Buffer>]> {
  const body = set.objects.get(key)!;
  const without = new Map(set.objects);
  without.delete(key);
  yield [`${key}: dropped`, without];
  yield [`${key}: renamed`, new Map(without).set(`${key}.bak`, body)];
  yield [`${key}: added again`, new Map(set.objects).set(`${key}${ADDED}`, body)];
  yield [`${key}: grown`, new Map(set.objects).set(key, Buffer.concat([body, Buffer.of(10)]))];
  for (const [other, content] of set.objects)
    if (!content.equals(body))
      yield [`${key}: swapped with ${other}`, new Map(set.objects).set(key, content).set(other, body)];
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return;
  }
  const parts = availableParallelism();
  const hook = resolve(__dirname, '../harness/runTypeScript.cjs');
  const tallies = await Promise.all(
    Array.from({ length: parts }, async (_, part) => {
      const worker = new Worker(__filename, { workerData: { part, parts }, execArgv: ['-r', hook] });
      const [tally] = (await once(worker, 'message')) as [Tally];
      return tally;
    }),
  );
  const sum = (name: 'flips' | 'cuts' | 'moves' | 'splices') =>
    tallies.reduce((total, tally) => total + tally[name], 0);
  const missed = tallies.flatMap((tally) => tally.missed);
  for (const what of missed.slice(0, 50)) console.log(`MISSED ${what}`);
  console.log(
    `${sum('flips')} bits flipped, ${sum('cuts')} cuts, ${sum('moves')} moves, ${sum('splices')} splices: ${missed.length} not found`,
  );
  process.exitCode = missed.length === 0 ? 0 : 1;
}

if (isMainThread) void main();
else {
  const { part, parts } = workerData as { part: number; parts: number };
  const port = parentPort;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread's port has no origin
  void run(part, parts).then((tally) => port?.postMessage(tally));
}
