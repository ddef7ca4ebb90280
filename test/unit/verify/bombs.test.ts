import { deflateRawSync, crc32 } from 'node:zlib';
import { GZIP_HEADER } from '../../../src/evidence/chunk';
import { chunkKey, manifestKey } from '../../../src/evidence/objectKeys';
import { entryOf } from '../../../src/evidence/ledgerEntry';
import { readRecord } from '../../../src/evidence/recordBytes';
import { sha256Hex } from '../../../src/tlog/sha256';
import { proveRecord } from '../../../src/verify/proveRecord';
import { verifyLedger } from '../../../src/verify/verifyLedger';
import { verifySnapshot } from '../../../src/verify/verifySnapshot';
import {
  auditRecords,
  evidenceKey,
  makeEvidence,
  readerOf,
  signEvidence,
  type Evidence,
} from '../../harness/evidence';
import { ledgerObjects } from '../../harness/ledger';

const SNAPSHOT = 'snap-job-1';
const MIB = 1024 * 1024;

/** A chunk of 48 MiB of empty documents, packed to about 73 kB. */
function bomb(): Buffer {
  const content = Buffer.alloc(48 * MIB, Buffer.of(5, 0, 0, 0, 0)).subarray(0, 48 * MIB - 3);
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(crc32(content));
  trailer.writeUInt32LE(content.length, 4);
  return Buffer.concat([GZIP_HEADER, deflateRawSync(content), trailer]);
}

const BOMB = bomb();
let evidence: Evidence;

beforeAll(async () => {
  evidence = await makeEvidence({ records: auditRecords(6), chunkRecords: 3 });
});

test('a replaced chunk that unpacks to ten million records costs less than a second, and is named', async () => {
  const objects = new Map([...evidence.objects, [chunkKey(SNAPSHOT, 0), BOMB] as const]);
  expect(BOMB.length).toBeLessThan(74_000);
  const startedMs = performance.now();
  const report = await verifySnapshot(readerOf(objects), { snapshotId: SNAPSHOT, trust: evidence.trust });
  expect(performance.now() - startedMs).toBeLessThan(1_000);
  expect(report.verdict).toBe('NOT VERIFIED');
  expect(report.failures).toContainEqual(
    expect.objectContaining({ layer: 'stored bytes', object: chunkKey(SNAPSHOT, 0) }),
  );
  expect(report.failures).toContainEqual(expect.objectContaining({ layer: 'chunks', found: 'more records' }));
});

test('a signed chunk of ten million records instead of three ends at the fourth', async () => {
  const chunks = evidence.manifest.chunks.map((chunk) =>
    chunk.index === 0 ? { ...chunk, sha256: sha256Hex(BOMB), bytes: BOMB.length } : chunk,
  );
  const signed = signEvidence({ ...evidence.manifest, chunks }, evidenceKey(1));
  const objects = new Map([...evidence.objects, ...signed, [chunkKey(SNAPSHOT, 0), BOMB] as const]);
  const report = await verifySnapshot(readerOf(objects), { snapshotId: SNAPSHOT, trust: evidence.trust });
  expect(report.failures).toContainEqual(expect.objectContaining({ layer: 'chunks', found: 'more records' }));
});

test('no proof is made from a chunk or a manifest that was replaced, and they are not unpacked', async () => {
  const entry = entryOf(evidence.manifest, sha256Hex(evidence.objects.get(manifestKey(SNAPSHOT))!));
  const objects = new Map([...evidence.objects, ...ledgerObjects([entry])]);
  const { ledger } = await verifyLedger(readerOf(objects), { trust: evidence.trust, key: 'pinned' });
  const wanted = { snapshotId: SNAPSHOT, recordId: readRecord(auditRecords(6)[1]!).id };
  await expect(proveRecord(readerOf(objects), ledger!, wanted)).resolves.toBeDefined();

  const refused = { code: 'EVIDENCE_INVALID' };
  const bombed = new Map([...objects, [chunkKey(SNAPSHOT, 0), BOMB] as const]);
  await expect(proveRecord(readerOf(bombed), ledger!, wanted)).rejects.toMatchObject(refused);
  const other = signEvidence({ ...evidence.manifest, software: 'another' }, evidenceKey(1));
  const replaced = new Map([...objects, ...other]);
  await expect(proveRecord(readerOf(replaced), ledger!, wanted)).rejects.toMatchObject(refused);
});
