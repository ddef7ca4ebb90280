import {
  ledgerKey,
  objectsOfLedger,
  objectsOfSnapshot,
  snapshotOrigin,
} from '../../../src/evidence/objectKeys';
import { auditRecords, makeEvidence } from '../../harness/evidence';
import { ledgerEntry, ledgerObjects } from '../../harness/ledger';

test('the origin of a snapshot is below that of its ledger', () => {
  expect(snapshotOrigin('audit.example.org/log', 'snap-1')).toBe('audit.example.org/log/snapshots/snap-1');
});

test('the path of an object in the log becomes its key in the ledger', () => {
  expect(ledgerKey('tile/0/000')).toBe('ledger/tile/0/000');
});

test('the objects of a snapshot are those that sealing stores, and a timestamp', async () => {
  const { manifest, objects } = await makeEvidence({ records: auditRecords(7), chunkRecords: 3 });
  const listed = objectsOfSnapshot(manifest.snapshotId, manifest.chunks);
  expect(listed.map(({ kind, versionId }) => [kind, versionId])).toEqual([
    ['chunk', 'version-0'],
    ['chunk', 'version-1'],
    ['chunk', 'version-2'],
    ['manifest', undefined],
    ['signature', undefined],
    ['checkpoint', undefined],
    ['timestamp', undefined],
  ]);
  const keys = listed.map(({ key }) => key);
  expect(keys.filter((key) => !objects.has(key))).toEqual(['snapshots/snap-job-1/manifest.json.tsr']);
  expect([...objects.keys()].filter((key) => !keys.includes(key))).toEqual([]);
});

test.each([0, 1, 255, 256, 257, 600])(
  'the objects of a ledger of %i entries are those it is made of',
  (size) => {
    const objects = ledgerObjects(Array.from({ length: size }, (_, index) => ledgerEntry(index)));
    const listed = [...objectsOfLedger(size)];
    expect(listed.map(({ key }) => key).toSorted()).toEqual([...objects.keys()].toSorted());
    expect(listed.filter(({ key, maxBytes }) => objects.get(key)!.length > maxBytes)).toEqual([]);
    expect(listed.at(-1)?.key).toBe('ledger/checkpoint');
  },
);
