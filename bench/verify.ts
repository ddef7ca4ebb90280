import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { ObjectId } from 'bson';
import { packChunk } from '../src/evidence/chunkPacker';
import { entryOf } from '../src/evidence/ledgerEntry';
import type { Manifest } from '../src/evidence/manifest';
import { chunkKey, manifestKey } from '../src/evidence/objectKeys';
import { readRecord, recordHash } from '../src/evidence/recordBytes';
import { emptyRange, leafHash, mergeRanges, rangeOfLeaves, rootOf, serializeRange } from '../src/tlog/merkle';
import { sha256Hex } from '../src/tlog/sha256';
import {
  describeChunk,
  evidenceKey,
  hashedRecord,
  makeEvidence,
  signEvidence,
} from '../test/harness/evidence';
import { ledgerObjects } from '../test/harness/ledger';

const USAGE = `npm run bench:verify -- <records> [--rounds 5] [--against <checkout>]

Verifies a directory with one snapshot of so many records, several times: in one thread, in all threads, with the code of
another checkout if one is given, and, as a lower bound, with zcat | sha256sum. The sides take turns. Prints a table: records
per second (minimum, median, maximum), processor time and peak memory.

  npm run bench:verify -- 1000000 --against ../before
`;

const START_MS = Date.parse('2026-01-31T00:00:00.000Z');
const DAY_MS = 86_400_000;
const CHUNK_RECORDS = 32_768;
const MIB = 1_048_576;

/** Records are copies of one, of which id, time, text, number and hash are overwritten: five millions are made in a minute. */
const RESOURCE = 'r'.repeat(32);
const MODEL = hashedRecord({
  _id: new ObjectId('f'.repeat(24)),
  timestamp: new Date(START_MS),
  action: 'document.read',
  actorId: 'user-00017',
  resourceId: RESOURCE,
  details: { document: 0x0102_0304, note: 'x'.repeat(60), ok: true },
});
const AT = {
  id: MODEL.indexOf(Buffer.alloc(12, 0xff)),
  time: MODEL.indexOf('timestamp') + 'timestamp'.length + 1,
  resource: MODEL.indexOf(RESOURCE),
  number: MODEL.indexOf(Buffer.of(4, 3, 2, 1)),
  hash: MODEL.indexOf(readRecord(MODEL).hashText!),
};

function recordsOf(begin: number, count: number, total: number): Buffer[] {
  return Array.from({ length: count }, (_, offset) => {
    const index = begin + offset;
    const record = Buffer.from(MODEL);
    record.write((index + 1).toString(16).padStart(24, '0'), AT.id, 'hex');
    record.writeBigInt64LE(BigInt(START_MS + Math.floor((index * DAY_MS) / total)), AT.time);
    record.write(sha256Hex(record).slice(0, RESOURCE.length), AT.resource, 'latin1');
    record.writeInt32LE(index, AT.number);
    record.write(recordHash(record), AT.hash, 'latin1');
    return record;
  });
}

/** Writes the evidence chunk by chunk, in a process of its own: its memory is not that of a verification. */
async function build(total: number, directory: string): Promise<void> {
  const write = (key: string, body: Uint8Array) => {
    mkdirSync(dirname(join(directory, key)), { recursive: true });
    writeFileSync(join(directory, key), body);
  };
  const { manifest: empty, trust } = await makeEvidence({ records: [], chunkRecords: 1 });
  let range = emptyRange(0);
  const digest = createHash('sha256');
  const chunks: Manifest['chunks'] = [];
  for (let begin = 0; begin < total; begin += CHUNK_RECORDS) {
    const records = recordsOf(begin, Math.min(CHUNK_RECORDS, total - begin), total);
    for (const record of records) digest.update(record.subarray(AT.hash, AT.hash + 64));
    const own = rangeOfLeaves(records.map(leafHash), begin);
    range = mergeRanges(range, own);
    const body = await packChunk(records);
    const ends = [records[0]!, records.at(-1)!];
    const described = describeChunk(empty.snapshotId, chunks.length, begin, ends, body);
    chunks.push({ ...described, count: records.length, nodes: [...serializeRange(own).hashes] });
    write(chunkKey(empty.snapshotId, chunks.length - 1), body);
  }
  const manifest: Manifest = {
    ...empty,
    recordCount: total,
    root: rootOf(range).toString('base64'),
    logHashDigest: digest.digest('hex'),
    chunks,
  };
  const signed = signEvidence(manifest, evidenceKey(1));
  const entry = entryOf(manifest, sha256Hex(signed.get(manifestKey(manifest.snapshotId))!));
  for (const [key, body] of [...signed, ...ledgerObjects([entry])]) write(key, body);
  writeFileSync(join(directory, 'trust.json'), JSON.stringify(trust));
}

interface Measured {
  readonly seconds: number;
  /** Processor time of all threads. */
  readonly cpuSeconds: number;
  readonly peakRssMiB: number;
}

/** Verifies with the code of a checkout, and prints what it took. */
async function measure(directory: string, checkout: string, threads: number): Promise<void> {
  const load = <T>(path: string) => import(join(checkout, 'src/verify', path)) as Promise<T>;
  const { verifyEvidence } = await load<typeof import('../src/verify/verifyEvidence')>('verifyEvidence');
  const { directoryReader } = await load<typeof import('../src/verify/evidenceReaders')>('evidenceReaders');
  const scanner =
    threads === 1
      ? undefined
      : new (await load<typeof import('../src/verify/scanThreads')>('scanThreads')).ScanThreads({
          threads: threads - 1,
        });
  const trust = JSON.parse(readFileSync(join(directory, 'trust.json'), 'utf8')) as never;
  const started = performance.now();
  const cpu = process.cpuUsage();
  const { report } = await verifyEvidence(directoryReader(directory), {
    trust,
    found: [],
    snapshotIds: ['snap-job-1'],
    ...(scanner ? { scanner } : {}),
  });
  await scanner?.[Symbol.asyncDispose]();
  const { user, system } = process.cpuUsage(cpu);
  if (report.verdict !== 'VERIFIED') throw new Error(JSON.stringify(report));
  const measured: Measured = {
    seconds: (performance.now() - started) / 1000,
    cpuSeconds: (user + system) / 1e6,
    peakRssMiB: Math.round((process.resourceUsage().maxRSS * 1024) / MIB),
  };
  console.log(JSON.stringify(measured));
}

/** Unpacks and hashes the chunks as one stream, as standard programs do it: nothing that verifies can be faster on one core. */
function hashWithPrograms(directory: string): Measured {
  const started = performance.now();
  execFileSync('sh', ['-c', `zcat ${directory}/snapshots/*/chunks/*.gz | sha256sum`]);
  return { seconds: (performance.now() - started) / 1000, cpuSeconds: Number.NaN, peakRssMiB: Number.NaN };
}

function inProcess(...args: readonly string[]): string {
  return execFileSync(process.execPath, [...process.execArgv, __filename, ...args], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

function compare(records: number, rounds: number, against: string | undefined): void {
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-verify-'));
  const own = resolve(__dirname, '..');
  const threads = availableParallelism();
  const verify = (checkout: string, count: number) => () =>
    JSON.parse(inProcess('measure', directory, checkout, String(count))) as Measured;
  const sides: readonly (readonly [string, () => Measured])[] = [
    ['1 thread', verify(own, 1)],
    [`${threads} threads`, verify(own, threads)],
    ...(against === undefined ? [] : [['the other checkout', verify(resolve(against), 1)] as const]),
    ['zcat | sha256sum', () => hashWithPrograms(directory)],
  ];
  try {
    inProcess('build', String(records), directory);
    const measured = sides.map((): Measured[] => []);
    for (let round = 0; round < rounds; round++)
      for (const [index, [, run]] of sides.entries()) measured[index]!.push(run());
    print(
      records,
      sides.map(([name], index) => [name, measured[index]!]),
    );
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function print(records: number, sides: readonly (readonly [string, readonly Measured[]])[]): void {
  console.log(`${records} records, ${cpus().length} × ${cpus()[0]!.model}, Node ${process.version}`);
  console.log('| side | records/s: minimum | median | maximum | processor time | peak memory |');
  console.log('| --- | ---: | ---: | ---: | ---: | ---: |');
  for (const [name, runs] of sides) {
    const rates = runs.map(({ seconds }) => Math.round(records / seconds)).toSorted((a, b) => a - b);
    const middle = Math.floor(rates.length / 2);
    const cpu = Math.min(...runs.map(({ cpuSeconds }) => cpuSeconds));
    const rss = Math.max(...runs.map(({ peakRssMiB }) => peakRssMiB));
    const used = Number.isNaN(cpu) ? ' | ' : `${cpu.toFixed(2)} s | ${rss} MiB`;
    console.log(`| ${name} | ${rates[0]} | ${rates[middle]} | ${rates.at(-1)} | ${used} |`);
  }
}

async function main(): Promise<void> {
  const [step = '', ...rest] = process.argv.slice(2);
  if (step === 'build') return build(Number(rest[0]), rest[1]!);
  if (step === 'measure') return measure(rest[0]!, rest[1]!, Number(rest[2]));
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: 'string' }, against: { type: 'string' } },
  });
  if (!/^[1-9]\d*$/.test(positionals[0] ?? '')) return console.error(USAGE);
  compare(Number(positionals[0]), Number(values.rounds ?? 5), values.against);
}

void main();
