import { ledgerTileKey } from '../../../src/evidence/objectKeys';
import { BSON } from 'bson';
import { proveRecord } from '../../../src/verify/proveRecord';
import { verifyLedger, type Ledger } from '../../../src/verify/verifyLedger';
import { verifyProof } from '../../../src/verify/verifyProof';
import { parseProof } from '../../../src/evidence/recordProof';
import { serializeProof } from '../../../src/evidence/recordProof';
import { formatBundle } from '../../../src/tlog/tiles';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { auditRecords, readerOf } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';
import { describeFailure } from '../../harness/failures';
import { ledgerEntry, ledgerObjects } from '../../harness/ledger';

let set: EvidenceSet;
beforeAll(async () => {
  set = await evidenceSet([auditRecords(7), [], auditRecords(1)], 3);
});

test('older tiles of a ledger must be what they were', async () => {
  const entries = Array.from({ length: 520 }, (_, index) => ledgerEntry(index));
  const objects = ledgerObjects(entries);
  const bundle = (until: number) => formatBundle(entries.slice(0, until));
  const listing = async (key: string, body: Buffer) => {
    const all = new Map(objects).set(key, body);
    const { report } = await verifyEvidence(readerOf(all), {
      trust: set.trust,
      found: [],
      listed: [...all.keys()],
    });
    return report.listing!.failures.map(({ object }) => object);
  };
  const hashes = objects.get(ledgerTileKey(0, 0, 256))!;
  const above = objects.get(ledgerTileKey(1, 0, 2))!;
  await expect(listing(ledgerTileKey('entries', 0, 5), bundle(5))).resolves.toEqual([]);
  await expect(listing(ledgerTileKey('entries', 0, 5), bundle(4))).resolves.toHaveLength(1);
  await expect(listing(ledgerTileKey(0, 0, 255), hashes.subarray(0, 255 * 32))).resolves.toEqual([]);
  await expect(listing(ledgerTileKey(0, 0, 255), hashes.subarray(0, 254 * 32))).resolves.toHaveLength(1);
  await expect(listing(ledgerTileKey(1, 0, 1), above.subarray(0, 32))).resolves.toEqual([]);
  await expect(listing(ledgerTileKey(1, 0, 1), above.subarray(32))).resolves.toHaveLength(1);
  await expect(listing(ledgerTileKey(1, 0, 1), above)).resolves.toHaveLength(1);
  await expect(
    listing(ledgerTileKey(1, 0, 3), Buffer.concat([above, above.subarray(32)])),
  ).resolves.toHaveLength(1);
  await expect(listing(ledgerTileKey(2, 0, 1), above.subarray(0, 32))).resolves.toHaveLength(1);
  await expect(listing('ledger/tile/0/000.p/256', hashes)).resolves.toHaveLength(1);
  await expect(listing('ledger/tile/entries/000.p/999', bundle(256))).resolves.toHaveLength(1);
});

test('a proof that does not hold is named by its layer', async () => {
  const failures = (bytes: Buffer) => verifyProof(bytes, set.trust).failures.map(describeFailure);
  const reader = readerOf(set.objects);
  const { ledger } = (await verifyLedger(reader, { trust: set.trust, key: 'pinned' })) as { ledger: Ledger };
  const recordId = String(BSON.deserialize(auditRecords(7)[2]!)['_id']);
  const good = parseProof(await proveRecord(reader, ledger, { snapshotId: 'snap-job-1', recordId }));
  const other = parseProof(
    await proveRecord(reader, ledger, {
      snapshotId: 'snap-job-3',
      recordId: String(BSON.deserialize(auditRecords(1)[0]!)['_id']),
    }),
  );
  const marked = Buffer.from(
    BSON.serialize({ ...BSON.deserialize(Buffer.from(good.record, 'base64')), immutable: true }),
  ).toString('base64');
  expect(failures(serializeProof(good))).toEqual([]);
  expect(failures(Buffer.from('x'))).toMatchInlineSnapshot(`
   [
     "record, invalid: record: expected a proof file, found not JSON in UTF-8",
   ]
  `);
  expect(failures(serializeProof({ ...good, record: marked }))).toMatchInlineSnapshot(`
   [
     "record, invalid: record: expected record bytes, found record bytes hold sealing members",
   ]
  `);
  expect(failures(serializeProof({ ...good, entry: 'AAAA' }))).toMatchInlineSnapshot(`
   [
     "ledger entry, invalid: ledger entry: expected a ledger entry, found not JSON in UTF-8",
   ]
  `);
  expect(failures(serializeProof({ ...good, record: other.record }))).toMatchInlineSnapshot(`
   [
     "record proof, invalid: record proof: expected inclusion in snap-job-1, found the proof does not lead from leaf 2 to the signed root",
   ]
  `);
  expect(failures(serializeProof({ ...good, recordProof: other.recordProof }))).toMatchInlineSnapshot(`
   [
     "record proof, invalid: record proof: expected inclusion in snap-job-1, found its checkpoint is not signed for audit.example.org/snapshots/snap-job-1 by a key of the trust file",
   ]
  `);
  expect(failures(serializeProof({ ...good, ledgerProof: other.ledgerProof }))).toMatchInlineSnapshot(`
   [
     "ledger proof, invalid: ledger proof: expected inclusion in the ledger of audit.example.org, found the proof does not lead from leaf 2 to the signed root",
   ]
  `);
  const resized = { ...JSON.parse(Buffer.from(good.entry, 'base64').toString()), recordCount: 8 } as object;
  const entry = Buffer.from(JSON.stringify(resized)).toString('base64');
  expect(failures(serializeProof({ ...good, entry }))).toMatchInlineSnapshot(`
   [
     "record proof, invalid: record proof: expected inclusion in snap-job-1, found the snapshot checkpoint is not the one that the ledger entry names",
     "ledger proof, invalid: ledger proof: expected inclusion in the ledger of audit.example.org, found the proof does not lead from leaf 0 to the signed root",
   ]
  `);
});
