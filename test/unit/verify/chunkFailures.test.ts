import { BSON } from 'bson';
import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../../../src/evidence/objectKeys';
import { chunkKey } from '../../../src/evidence/objectKeys';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { auditRecords, evidenceKey, readerOf } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';
import { failuresOf, packed } from '../../harness/failures';
import { ledgerEntry, ledgerObjects, signedCheckpoint, trustIn } from '../../harness/ledger';

let set: EvidenceSet;
beforeAll(async () => {
  set = await evidenceSet([auditRecords(7), [], auditRecords(1)], 3);
});

test('a chunk of other records is taken apart record by record', async () => {
  const records = auditRecords(7);
  const altered = Buffer.from(records[4]!);
  // The last digit of its own hash.
  altered[altered.length - 3]! ^= 1;
  const withMarks = BSON.serialize({ ...BSON.deserialize(records[4]!), immutable: true });
  expect(
    await failuresOf(set, async (objects) =>
      objects.set(chunkKey('snap-job-1', 1), await packed(records[3]!, altered, records[5]!)),
    ),
  ).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "stored bytes, invalid: snapshots/snap-job-1/chunks/000001.bson.gz: expected c3a778…, found 641fdf…",
     "record hashes, invalid: record 000000000000000000000004 [chunk=snapshots/snap-job-1/chunks/000001.bson.gz, index=1]: expected hash fits, found hash-mismatch",
     "roots, invalid: snapshots/snap-job-1/chunks/000001.bson.gz: expected q5Q4dY… SEqkue…, found q5Q4dY… jihxNP…",
     "log digest, invalid: snapshots/snap-job-1/manifest.json: expected 7ef191…, found 0734f9…",
     "record hashes, invalid: snapshots/snap-job-1/manifest.json: expected {…}",
   ]
  `);
  expect(
    await failuresOf(set, async (objects) =>
      objects.set(chunkKey('snap-job-1', 1), await packed(records[3]!, withMarks, records[5]!)),
    ),
  ).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "stored bytes, invalid: snapshots/snap-job-1/chunks/000001.bson.gz: expected c3a778…, found 4a0b51…",
     "chunks, invalid: record 000000000000000000000004 [chunk=snapshots/snap-job-1/chunks/000001.bson.gz, index=1]: expected record bytes, found sealing members",
     "roots, invalid: snapshots/snap-job-1/chunks/000001.bson.gz: expected q5Q4dY… SEqkue…, found q5Q4dY… MTrc9G…",
   ]
  `);
  expect(await failuresOf(set, async (objects) => objects.set(chunkKey('snap-job-1', 1), await packed())))
    .toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "stored bytes, invalid: snapshots/snap-job-1/chunks/000001.bson.gz: expected c3a778…, found ac7367…",
     "chunks, invalid: snapshots/snap-job-1/chunks/000001.bson.gz: expected 3 records from 000000000000000000000003 to 000000000000000000000005, found 0 records from  to ",
     "roots, invalid: snapshots/snap-job-1/chunks/000001.bson.gz: expected q5Q4dY… SEqkue…, found ",
     "log digest, invalid: snapshots/snap-job-1/manifest.json: expected 7ef191…, found 35600c…",
   ]
  `);
});

test('an entry of the ledger that stands twice is named at its second place', async () => {
  const entries = [ledgerEntry(1), ledgerEntry(2), ledgerEntry(1)];
  const objects = ledgerObjects(entries);
  const options = { trust: set.trust, found: [], snapshotIds: [] };
  const { report } = await verifyEvidence(readerOf(objects), options);
  expect(report.ledger.failures).toEqual([
    {
      layer: 'ledger entries',
      kind: 'invalid',
      object: `${ledgerTileKey('entries', 0, 3)}, entry 2`,
      expected: 'one entry of snap-job-1',
      found: 'another entry of snap-job-1',
    },
  ]);
});

test('keys and checkpoints that were pinned or kept are named', async () => {
  const otherKey = trustIn(evidenceKey(9));
  expect(await failuresOf(set, () => undefined, { trust: otherKey })).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "ledger checkpoint, invalid: ledger/checkpoint: expected a checkpoint of audit.example.org, signed by a key of the trust file, found no signature by such a key",
     "signature, invalid: key version 1: expected /RckOF…, found iojj3X…",
     "ledger inclusion, missing: ledger entry of snap-job-1: expected {…}, found nothing",
     "signature, invalid: key version 1: expected /RckOF…, found iojj3X…",
     "ledger inclusion, missing: ledger entry of snap-job-2: expected {…}, found nothing",
     "signature, invalid: key version 1: expected /RckOF…, found iojj3X…",
     "ledger inclusion, missing: ledger entry of snap-job-3: expected {…}, found nothing",
   ]
  `);
  const noKey = { ...set.trust, keys: set.trust.keys.map((key) => ({ ...key, version: 7 })) };
  expect(await failuresOf(set, () => undefined, { trust: noKey })).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "signature, invalid: key version 1: expected a version in the trust file, found iojj3X…",
     "signature, invalid: key version 1: expected a version in the trust file, found iojj3X…",
     "signature, invalid: key version 1: expected a version in the trust file, found iojj3X…",
   ]
  `);
  const elsewhere = { ...set.trust, origin: 'elsewhere' };
  expect(await failuresOf(set, () => undefined, { trust: elsewhere })).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "ledger checkpoint, invalid: ledger/checkpoint: expected a checkpoint of elsewhere, signed by a key of the trust file, found no signature by such a key",
     "signature, invalid: key version 1: expected elsewhere, found audit.example.org",
     "ledger inclusion, missing: ledger entry of snap-job-1: expected {…}, found nothing",
     "signature, invalid: key version 1: expected elsewhere, found audit.example.org",
     "ledger inclusion, missing: ledger entry of snap-job-2: expected {…}, found nothing",
     "signature, invalid: key version 1: expected elsewhere, found audit.example.org",
     "ledger inclusion, missing: ledger entry of snap-job-3: expected {…}, found nothing",
   ]
  `);
  const knownCheckpoints = [signedCheckpoint(2, Buffer.alloc(32), evidenceKey(1)), Buffer.from('x')];
  expect(await failuresOf(set, () => undefined, { knownCheckpoints })).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "ledger consistency, invalid: kept checkpoint 1: expected size 2, root AAAAAA…, found size 2, root tBQEzE…",
     "ledger checkpoint, invalid: kept checkpoint 2: expected a checkpoint of audit.example.org, signed by a key of the trust file, found note has no blank line in front of its signatures",
   ]
  `);
  const longer = [signedCheckpoint(4, Buffer.alloc(32), evidenceKey(1))];
  expect(await failuresOf(set, () => undefined, { knownCheckpoints: longer })).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "ledger consistency, invalid: kept checkpoint 1: expected size 4, root AAAAAA…, found a ledger of only 3 entries: it was cut back",
   ]
  `);
});

test('log time without a snapshot is named', async () => {
  const within = { from: '2026-01-30T12:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };
  expect(await failuresOf(set, () => undefined, { within })).toMatchInlineSnapshot(`
   [
     "INCOMPLETE",
     "coverage, missing: 2026-01-30T12:00:00.000Z → 2026-01-30T23:59:59.999Z: expected a sealed window, found nothing",
   ]
  `);
  const alone = { from: '2026-01-31T23:59:59.999Z', to: '2026-01-31T23:59:59.999Z' };
  expect(await failuresOf(set, () => undefined, { within: alone })).toMatchInlineSnapshot(`
   [
     "VERIFIED",
   ]
  `);
});

test('a ledger that cannot be read says nothing of what lies beside it', async () => {
  const gone = await failuresOf(set, (objects) => {
    objects.delete(LEDGER_CHECKPOINT_KEY);
    objects.set('ledger/more', Buffer.from('x'));
    objects.set('more', Buffer.from('x'));
  });
  expect(gone.filter((line) => line.startsWith('listing'))).toEqual([
    'listing, invalid: more: expected an object that ledger or manifest names, found an object that nothing names',
  ]);
});
