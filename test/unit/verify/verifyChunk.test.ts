import { BSON } from 'bson';
import { chunkKey } from '../../../src/evidence/objectKeys';
import { auditRecords } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';
import { failuresOf, packed } from '../../harness/failures';

let set: EvidenceSet;
beforeAll(async () => {
  set = await evidenceSet([auditRecords(7), [], auditRecords(1, 7)], 3);
});

test('the failures of a chunk with other records name each record that was altered', async () => {
  const records = auditRecords(7);
  const altered = Buffer.from(records[4]!);
  // Changes the last digit of its own hash.
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
     "chunks, invalid: snapshots/snap-job-1/chunks/000001.bson.gz: expected 3 records from 2026-01-31T00:00:03.000Z 000000000000000000000003 to 2026-01-31T00:00:05.000Z 000000000000000000000005, found 0 records from none in the window to none in the window",
     "roots, invalid: snapshots/snap-job-1/chunks/000001.bson.gz: expected q5Q4dY… SEqkue…, found ",
     "log digest, invalid: snapshots/snap-job-1/manifest.json: expected 7ef191…, found 35600c…",
   ]
  `);
});
