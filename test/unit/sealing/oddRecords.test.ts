import { nextLate } from '../../../activities/nextLate';
import { snapshotIdOf } from '../../../src/contract/names';
import type { AuditSnapshotResult } from '../../../src/contract/snapshot';
import { splitRecords } from '../../../src/evidence/bsonStream';
import { unpackChunk } from '../../../src/evidence/chunk';
import { MAX_MANIFEST_BYTES } from '../../../src/evidence/limits';
import { noneLeftOut, type LeftOutKind } from '../../../src/evidence/leftOut';
import { parseManifest, type Manifest } from '../../../src/evidence/manifest';
import { manifestKey } from '../../../src/evidence/objectKeys';
import { cutRecord, readRecord } from '../../../src/evidence/recordBytes';
import { listedId } from '../../../src/evidence/recordIds';
import { makeTrustFile } from '../../../src/evidence/trustFile';
import { sha256Hex } from '../../../src/tlog/sha256';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { runAttempt } from '../../harness/activityAttempt';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';
import { ODD_RECORDS, oddRecordTable, type OddRecord } from '../../harness/oddRecords';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const PAGE = join(resolve(__dirname, '../../..'), 'docs/odd-records.md');
const INPUT = { jobId: 'odd', from: '0000-01-01T00:00:00.000Z', to: '2026-04-30T23:59:59.999Z' };
const SCHEDULE = {
  scheduleId: 'all',
  everySeconds: 86_400,
  startAt: INPUT.from,
  lookbackSeconds: 316_224_000,
};
const MIB = 1024 * 1024;
/** Chunks of seven records, so that every kind of record is close to the end of one. */
const CHUNK_RECORDS = 7;

const SEALED = ODD_RECORDS.filter(({ outcome }) => outcome === 'sealed');
const digestOf = (bytes: Buffer) => sha256Hex(cutRecord(bytes));
const idOf = (bytes: Buffer) => readRecord(bytes).id;
const marksOf =
  ({ records }: FakeDeps) =>
  ({ bytes }: OddRecord) =>
    records.markCounts.get(idOf(bytes)) ?? 0;

async function manifestOf({ store }: FakeDeps, jobId: string): Promise<Manifest> {
  return parseManifest((await store.get(manifestKey(snapshotIdOf(jobId)), MAX_MANIFEST_BYTES))!.body);
}

async function sealedDigests(deps: FakeDeps, { chunks }: Manifest): Promise<string[]> {
  const digests: string[] = [];
  for (const { key } of chunks) {
    const { body } = (await deps.store.get(key, 64 * MIB))!;
    for (const record of splitRecords(await unpackChunk(body))) digests.push(sha256Hex(record));
  }
  return digests;
}

describe('a log of every kind of odd record', () => {
  const deps = Object.assign(new FakeDeps(), {
    settings: { ...new FakeDeps().settings, chunkLimits: { maxRecords: CHUNK_RECORDS, maxBytes: 32 * MIB } },
  });
  const before = new Map<string, string>();
  let run: InProcessRun;
  let result: AuditSnapshotResult;

  beforeAll(async () => {
    for (const { bytes } of ODD_RECORDS) before.set(deps.records.addRaw(bytes), digestOf(bytes));
    run = new InProcessRun(deps);
    result = await run.run(INPUT);
  }, 120_000);

  test('there are at least 100 kinds, each with a name and an id of its own', () => {
    expect(ODD_RECORDS.length).toBeGreaterThanOrEqual(180);
    expect(new Set(ODD_RECORDS.map(({ group, name }) => `${group}: ${name}`)).size).toBe(ODD_RECORDS.length);
    expect(before.size).toBe(ODD_RECORDS.length);
  });

  test('each record that a window can contain is sealed byte for byte, once, and no other', async () => {
    const sealed = await sealedDigests(deps, await manifestOf(deps, INPUT.jobId));
    expect(result.recordCount).toBe(SEALED.length);
    expect(sealed.toSorted()).toEqual(SEALED.map(({ bytes }) => digestOf(bytes)).toSorted());
  });

  test('each sealed record is marked once, except those that no update can mark, which are conflicts', () => {
    const markable = SEALED.filter(({ unmarkable }) => unmarkable !== true);
    const others = SEALED.filter(({ unmarkable }) => unmarkable === true);
    expect(markable.map(marksOf(deps))).toEqual(markable.map(() => 1));
    expect(others.map(marksOf(deps))).toEqual(others.map(() => 0));
    expect(result.conflictCount).toBe(others.length);
  });

  test('each record with a wrong, missing or repeated hash is a finding of its kind, and no other record is', async () => {
    const { findings } = await manifestOf(deps, INPUT.jobId);
    const found = findings.records.map(({ kind, id }) => `${kind} ${id}`);
    const expected = SEALED.filter(({ finding }) => finding !== undefined).map(
      ({ finding, bytes }) => `${finding} ${listedId(idOf(bytes))}`,
    );
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  test('each record that is left out is counted under its kind, in the result, in the manifest and for status and doctor', async () => {
    const expected = noneLeftOut();
    for (const { outcome } of ODD_RECORDS)
      if (outcome !== 'sealed') expected[outcome.slice('left out: '.length) as LeftOutKind]++;
    expect(Object.values(expected).every((count) => count > 0)).toBe(true);
    const { leftOut } = await manifestOf(deps, INPUT.jobId);
    expect([result.leftOut, leftOut]).toEqual([expected, expected]);
    // What is marked in log time that a snapshot covers is compared by the drift check.
    expect(await deps.records.countLeftOut({ uncovered: [] })).toMatchObject({
      ...expected,
      'mark-foreign': 0,
    });
  });

  test('no record is changed, apart from its mark', () => {
    for (const [id, digest] of before)
      expect([id.slice(0, 80), digestOf(deps.records.read(id)!)]).toEqual([id.slice(0, 80), digest]);
  });

  test('what the run stored in its history stays small, whatever the records hold', () => {
    expect(run.largestPayload).toBeLessThan(16 * 1024);
  });

  test('the evidence is VERIFIED', async () => {
    const read = async (key: string, version: string | undefined) =>
      (await deps.store.get(key, 1e9, version))?.body;
    const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
    const { report } = await verifyEvidence({ read }, { trust, found: [snapshotIdOf(INPUT.jobId)] });
    expect(report.verdict).toBe('VERIFIED');
  }, 120_000);

  test('a second job over the same window seals none of them again, and a schedule finds none that is late', async () => {
    const again = await new InProcessRun(deps).run({ ...INPUT, jobId: 'again' });
    expect(again).toMatchObject({ recordCount: 0 });
    const late = { schedule: SCHEDULE, target: '2026-05-01T00:00:00.000Z', firstSealed: INPUT.from };
    expect(await runAttempt({}, () => nextLate(deps, late))).toBeNull();
  }, 120_000);
});

/** The cells of the rows of a table, without the line below its head. */
const rowsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter((cells) => !/^-+$/.test(cells[1]!));

test('the table of docs/odd-records.md is the one that is tested', () => {
  expect(rowsOf(readFileSync(PAGE, 'utf8'))).toEqual(rowsOf(oddRecordTable()));
});
