import { resolve } from 'node:path';
import { FINGERPRINT_SALT } from '../../../src/verify/idFingerprint';
import { scanChunk, type ScanTask } from '../../../src/verify/scanChunk';
import { ScanThreads } from '../../../src/verify/scanThreads';
import { verifySnapshot } from '../../../src/verify/verifySnapshot';
import { auditRecord, makeEvidence, readerOf } from '../../harness/evidence';
import { recordByRecord } from '../../harness/recordByRecord';

/** Threads that run the sources, as this test does. */
const FROM_SOURCE = ['-r', resolve(__dirname, '../../harness/runTypeScript.cjs')];

test('threads scan as this thread does, and a report does not show that they did', async () => {
  const records = Array.from({ length: 200 }, (_, index) =>
    auditRecord(index, index % 9 === 0 ? { hash: 'x' } : {}),
  );
  const { objects, manifest, trust } = await makeEvidence({ records, chunkRecords: 20 });
  await using threads = new ScanThreads({ threads: 2, execArgv: FROM_SOURCE });
  const tasks = manifest.chunks.map(({ key, sha256, count, begin }): ScanTask => ({
    stored: objects.get(key)!,
    sha256,
    count,
    begin,
    bounds: { fromMs: Date.parse(manifest.window.from), untilMs: Date.parse(manifest.window.to) + 1 },
    members: manifest.source.members,
    scheme: manifest.logHashScheme,
    lateSpans: [],
    salt: FINGERPRINT_SALT,
  }));
  const scanned = await Promise.all(tasks.map((task) => threads.scan(task)));
  for (const [index, task] of tasks.entries()) {
    const { sha256, records: found } = scanned[index]!;
    const own = await scanChunk(task);
    expect(own.records).toBeDefined();
    // What crosses a thread is a Uint8Array, not a Buffer.
    expect({ ...found, hashTexts: Buffer.from(found!.hashTexts) }).toEqual(own.records);
    expect(sha256).toBe(own.sha256);
  }

  const altered = new Map(objects).set(manifest.chunks[3]!.key, objects.get(manifest.chunks[4]!.key)!);
  for (const stored of [objects, altered]) {
    const options = { snapshotId: manifest.snapshotId, trust };
    const inThreads = { width: threads.width, minRecords: 0, scan: threads.scan.bind(threads) };
    const report = await verifySnapshot(readerOf(stored), { ...options, scanner: inThreads });
    expect(report).toEqual(await verifySnapshot(readerOf(stored), { ...options, scanner: recordByRecord() }));
    expect(report.verdict).toBe(stored === objects ? 'VERIFIED' : 'NOT VERIFIED');
  }
});

test('threads that no chunk is given to do not start, and one processor needs none', async () => {
  const execArgv = ['--this-is-no-argument'];
  await using threads = new ScanThreads({ threads: 3, execArgv });
  await using none = new ScanThreads({ threads: 0, execArgv });
  expect([threads.width, none.width]).toEqual([5, 1]);
  const { objects, manifest, trust } = await makeEvidence({ records: [auditRecord(1)], chunkRecords: 1 });
  const scanner = { width: none.width, minRecords: 0, scan: none.scan.bind(none) };
  const report = await verifySnapshot(readerOf(objects), { snapshotId: manifest.snapshotId, trust, scanner });
  expect(report.verdict).toBe('VERIFIED');
});

test('a thread that ends by itself is an error of the scan, not a verdict', async () => {
  const execArgv = ['-r', resolve(__dirname, 'no such file')];
  await using threads = new ScanThreads({ threads: 1, execArgv });
  const { objects, manifest, trust } = await makeEvidence({ records: [auditRecord(1)], chunkRecords: 1 });
  const scanner = { width: threads.width, minRecords: 0, scan: threads.scan.bind(threads) };
  const options = { snapshotId: manifest.snapshotId, trust, scanner };
  await expect(verifySnapshot(readerOf(objects), options)).rejects.toThrow('no such file');
});
