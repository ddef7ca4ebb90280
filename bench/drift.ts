import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ObjectId } from 'bson';
import { entryOf, parseEntry } from '../src/evidence/ledgerEntry';
import { manifestKey } from '../src/evidence/objectKeys';
import { noneLeftOut } from '../src/evidence/leftOut';
import { AUDIT_LOG } from '../src/evidence/recordMembers';
import type { ObjectStore } from '../src/ports/objectStore';
import type { RecordSource } from '../src/ports/recordSource';
import { sha256Hex } from '../src/tlog/sha256';
import { auditDrift } from '../src/verify/auditDrift';
import type { Ledger } from '../src/verify/verifyLedger';
import { hashedRecord, makeEvidence } from '../test/harness/evidence';

const USAGE = `npm run bench:drift -- <records>

Compares a snapshot of so many records with a live log from which all of them are gone, and prints a line of JSON: the
time, and the peak memory of the process. The evidence is in files, and no server is needed.

  npm run bench:drift -- 1000000
`;

const START_MS = Date.parse('2026-01-31T00:00:00.000Z');
const DAY_MS = 86_400_000;
const CHUNK_RECORDS = 32_768;
const ENTRY_FILE = 'entry.json';
const MIB = 1_048_576;

/** Writes the evidence to a directory, in a process of its own: its memory is not that of the comparison. */
async function build(count: number, directory: string): Promise<void> {
  const records = Array.from({ length: count }, (_, index) =>
    hashedRecord({
      _id: new ObjectId((index + 1).toString(16).padStart(24, '0')),
      timestamp: new Date(START_MS + Math.floor((index * DAY_MS) / count)),
      action: 'document.read',
      actorId: `user-${index % 1000}`,
      details: { document: index, note: 'x'.repeat(100) },
    }),
  );
  const { manifest, objects } = await makeEvidence({ records, chunkRecords: CHUNK_RECORDS });
  for (const [key, body] of objects) {
    mkdirSync(dirname(join(directory, key)), { recursive: true });
    writeFileSync(join(directory, key), body);
  }
  const manifestSha256 = sha256Hex(objects.get(manifestKey(manifest.snapshotId))!);
  writeFileSync(join(directory, ENTRY_FILE), entryOf(manifest, manifestSha256));
}

async function measure(directory: string): Promise<void> {
  const bytes = readFileSync(join(directory, ENTRY_FILE));
  const entry = parseEntry(bytes);
  const ledger: Ledger = {
    origin: '',
    size: 1,
    root: Buffer.alloc(0),
    checkpoint: Buffer.alloc(0),
    bytes: [bytes],
    entries: [entry],
    leaves: [],
    indexOf: new Map([[entry.snapshotId, 0]]),
  };
  const startedMs = Date.now();
  const { records, counts } = await auditDrift(
    {
      records: EMPTY_LOG as RecordSource,
      store: { get: readObject(directory) } as unknown as ObjectStore,
      ledger: {
        head: () => Promise.resolve(ledger),
        list: () => Promise.resolve([]),
      },
      snapshots: { find: () => Promise.resolve(undefined) },
      clock: { nowMs: () => Date.now() },
    },
    { ledger, source: AUDIT_LOG, fromIndex: 0, lateAllowanceMs: DAY_MS },
  );
  const seconds = (Date.now() - startedMs) / 1000;
  const peakRssMiB = Math.round((process.resourceUsage().maxRSS * 1024) / MIB);
  console.log(JSON.stringify({ records, deleted: counts.deleted, seconds, peakRssMiB }));
}

function readObject(directory: string): ObjectStore['get'] {
  return (key) => Promise.resolve({ versionId: '1', etag: '', body: readFileSync(join(directory, key)) });
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A log without records.
}

const EMPTY_LOG: Partial<RecordSource> = {
  scanMarked: nothing,
  scanUnmarked: nothing,
  scanOddMarks: nothing,
  findByIds: nothing,
  countLeftOut: () => Promise.resolve(noneLeftOut()),
};

async function main(): Promise<void> {
  const [step = '', directory] = process.argv.slice(2);
  if (directory !== undefined)
    return step === 'measure' ? measure(directory) : build(Number(step), directory);
  if (!/^[1-9]\d*$/.test(step)) {
    console.error(USAGE);
    return;
  }
  const work = mkdtempSync(join(tmpdir(), 'audit-snapshot-drift-'));
  try {
    for (const part of [step, 'measure'])
      execFileSync(process.execPath, [...process.execArgv, __filename, part, work], { stdio: 'inherit' });
  } finally {
    rmSync(work, { recursive: true });
  }
}

void main();
