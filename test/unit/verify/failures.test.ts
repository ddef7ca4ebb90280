import {
  LEDGER_CHECKPOINT_KEY,
  ledgerTileKey,
  chunkKey,
  manifestKey,
  manifestSignatureKey,
  snapshotCheckpointKey,
} from '../../../src/evidence/objectKeys';
import { auditRecords, evidenceKey } from '../../harness/evidence';
import { evidenceSet, type EvidenceSet } from '../../harness/evidenceSet';
import { failuresOf } from '../../harness/failures';
import { ledgerEntry, ledgerObjects, signedCheckpoint, trustIn } from '../../harness/ledger';

/** The failures as people read them: layer, kind, object, what was expected and what was found. */
let set: EvidenceSet;
beforeAll(async () => {
  set = await evidenceSet([auditRecords(7), [], auditRecords(1, 7)], 3);
});

type Objects = Map<string, Buffer>;

const drop = (key: string) => (objects: Objects) => objects.delete(key);
const put = (key: string, body: Buffer | string) => (objects: Objects) => objects.set(key, Buffer.from(body));

test('the failure of a missing object names it and what was expected', async () => {
  expect(await failuresOf(set, drop(LEDGER_CHECKPOINT_KEY))).toMatchInlineSnapshot(`
   [
     "INCOMPLETE",
     "ledger checkpoint, missing: ledger/checkpoint: expected a signed checkpoint, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-1: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-2: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-3: expected {…}, found nothing",
   ]
  `);
  expect(await failuresOf(set, drop(ledgerTileKey('entries', 0, 3)))).toMatchInlineSnapshot(`
   [
     "INCOMPLETE",
     "ledger entries, missing: ledger/tile/entries/000.p/3: expected 3 entries, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-1: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-2: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-3: expected {…}, found nothing",
   ]
  `);
  expect(await failuresOf(set, drop(ledgerTileKey(0, 0, 3)))).toMatchInlineSnapshot(`
   [
     "INCOMPLETE",
     "ledger tiles, missing: ledger/tile/0/000.p/3: expected 3 hashes, found nothing",
   ]
  `);
  expect(await failuresOf(set, drop(manifestKey('snap-job-1')))).toMatchInlineSnapshot(`
   [
     "INCOMPLETE",
     "manifest, missing: snapshots/snap-job-1/manifest.json: expected an object, found nothing",
   ]
  `);
  expect(await failuresOf(set, drop(manifestSignatureKey('snap-job-1')))).toMatchInlineSnapshot(`
   [
     "INCOMPLETE",
     "signature, missing: snapshots/snap-job-1/manifest.json.sig: expected an object, found nothing",
   ]
  `);
  expect(await failuresOf(set, drop(snapshotCheckpointKey('snap-job-1')))).toMatchInlineSnapshot(`
   [
     "INCOMPLETE",
     "checkpoint, missing: snapshots/snap-job-1/checkpoint: expected an object, found nothing",
   ]
  `);
  expect(await failuresOf(set, drop(chunkKey('snap-job-1', 1)))).toMatchInlineSnapshot(`
   [
     "INCOMPLETE",
     "stored bytes, missing: snapshots/snap-job-1/chunks/000001.bson.gz: expected c3a778…, found nothing",
   ]
  `);
});

test('the failure of an object with other content names it and what was found', async () => {
  expect(await failuresOf(set, put(LEDGER_CHECKPOINT_KEY, 'x'))).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "ledger checkpoint, invalid: ledger/checkpoint: expected a checkpoint of audit.example.org, signed by a key of the trust file, found note has no blank line before its signatures",
     "ledger inclusion, missing: ledger entry of snap-job-1: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-2: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-3: expected {…}, found nothing",
   ]
  `);
  const other = ledgerObjects([ledgerEntry(1)], evidenceKey(9)).get(LEDGER_CHECKPOINT_KEY)!;
  expect(await failuresOf(set, put(LEDGER_CHECKPOINT_KEY, other))).toMatchInlineSnapshot(`
   [
     "INCOMPLETE",
     "ledger checkpoint, missing: ledger/checkpoint: expected a key version of the trust file; export the trust file again (keys export --merge), found a signature by key id 29aba609",
     "ledger inclusion, missing: ledger entry of snap-job-1: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-2: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-3: expected {…}, found nothing",
   ]
  `);
  const vast = signedCheckpoint(2 ** 33, Buffer.alloc(32), evidenceKey(1));
  expect(await failuresOf(set, put(LEDGER_CHECKPOINT_KEY, vast))).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "ledger checkpoint, invalid: ledger/checkpoint: expected a checkpoint of audit.example.org, signed by a key of the trust file, found a checkpoint over 8589934592 entries",
     "ledger inclusion, missing: ledger entry of snap-job-1: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-2: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-3: expected {…}, found nothing",
   ]
  `);
  expect(await failuresOf(set, put(ledgerTileKey('entries', 0, 3), 'x'))).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "ledger entries, invalid: ledger/tile/entries/000.p/3: expected 3 entries, found entry bundle ends after 0 of 3 entries",
     "ledger inclusion, missing: ledger entry of snap-job-1: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-2: expected {…}, found nothing",
     "ledger inclusion, missing: ledger entry of snap-job-3: expected {…}, found nothing",
   ]
  `);
  expect(await failuresOf(set, put(ledgerTileKey(0, 0, 3), 'x'))).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "ledger tiles, invalid: ledger/tile/0/000.p/3: expected hashes of its entries, found other hashes",
   ]
  `);
  expect(await failuresOf(set, put(manifestKey('snap-job-1'), '{}'))).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "manifest, invalid: snapshots/snap-job-1/manifest.json: expected a canonical manifest, found manifest: format: Invalid input: expected "audit-snapshot/v1"",
   ]
  `);
  const third = set.objects.get(manifestKey('snap-job-3'))!;
  expect(await failuresOf(set, put(manifestKey('snap-job-1'), third))).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "manifest, invalid: snapshots/snap-job-1/manifest.json: expected snap-job-1, found snap-job-3",
   ]
  `);
  expect(await failuresOf(set, put(manifestSignatureKey('snap-job-1'), 'x'))).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "signature, invalid: snapshots/snap-job-1/manifest.json.sig: expected signature by the key, found no signature by it",
   ]
  `);
  const otherNote = set.objects.get(snapshotCheckpointKey('snap-job-3'))!;
  expect(await failuresOf(set, put(snapshotCheckpointKey('snap-job-1'), otherNote))).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "checkpoint, invalid: snapshots/snap-job-1/checkpoint: expected audit.example.org/snapshots/snap-job-1 7 wbSuX7…, found a note without a signature by the key",
   ]
  `);
  expect(await failuresOf(set, put(snapshotCheckpointKey('snap-job-1'), 'x'))).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "checkpoint, invalid: snapshots/snap-job-1/checkpoint: expected audit.example.org/snapshots/snap-job-1 7 wbSuX7…, found note has no blank line before its signatures",
   ]
  `);
  expect(await failuresOf(set, put(chunkKey('snap-job-1', 1), 'x'))).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "stored bytes, invalid: snapshots/snap-job-1/chunks/000001.bson.gz: expected c3a778…, found 2d7116…",
     "chunks, invalid: snapshots/snap-job-1/chunks/000001.bson.gz: expected BSON records in gzip, found chunk: not the gzip header of a chunk",
   ]
  `);
  expect(await failuresOf(set, put('ledger/more', 'x'))).toMatchInlineSnapshot(`
   [
     "VERIFIED",
   ]
  `);
});

test('the failures of keys and known checkpoints name them', async () => {
  const otherKey = trustIn(evidenceKey(9));
  expect(await failuresOf(set, () => undefined, { trust: otherKey })).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "ledger checkpoint, missing: ledger/checkpoint: expected a key version of the trust file; export the trust file again (keys export --merge), found a signature by key id 32a4b1fd",
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
     "signature, invalid: key version 1: expected key version 7, which has this key, found key version 1",
     "signature, invalid: key version 1: expected key version 7, which has this key, found key version 1",
     "signature, invalid: key version 1: expected key version 7, which has this key, found key version 1",
   ]
  `);
  const elsewhere = { ...set.trust, origin: 'elsewhere' };
  expect(await failuresOf(set, () => undefined, { trust: elsewhere })).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "ledger checkpoint, invalid: ledger/checkpoint: expected a checkpoint of elsewhere, signed by a key of the trust file, found a checkpoint of audit.example.org",
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
     "ledger consistency, invalid: known checkpoint 1: expected size 2, root AAAAAA…, found size 2, root bxEnsR…",
     "ledger checkpoint, invalid: known checkpoint 2: expected a checkpoint of audit.example.org, signed by a key of the trust file, found note has no blank line before its signatures",
   ]
  `);
  const longer = [signedCheckpoint(4, Buffer.alloc(32), evidenceKey(1))];
  expect(await failuresOf(set, () => undefined, { knownCheckpoints: longer })).toMatchInlineSnapshot(`
   [
     "NOT VERIFIED",
     "ledger consistency, invalid: known checkpoint 1: expected size 4, root AAAAAA…, found a ledger of only 3 entries: it was truncated",
   ]
  `);
});

test('the failure of a gap in log time names its bounds', async () => {
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
