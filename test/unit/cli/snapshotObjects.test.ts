import { listSnapshotObjects } from '../../../src/cli/snapshotObjects';
import type { ObjectStore } from '../../../src/ports/objectStore';
import { evidenceSet } from '../../harness/evidenceSet';
import { auditRecords } from '../../harness/evidence';

/** A bucket whose objects all have the version `first`. */
function storeOf(objects: ReadonlyMap<string, Buffer>): ObjectStore {
  return {
    get: async (key: string) => {
      const body = objects.get(key);
      return body && { versionId: 'first', etag: '', body };
    },
  } as unknown as ObjectStore;
}

test('the objects of a snapshot are its chunks at their manifest versions, its manifest and its signatures', async () => {
  const { objects, snapshotIds } = await evidenceSet([auditRecords(7)], 3);
  const [snapshotId] = snapshotIds;
  const listed = await listSnapshotObjects(storeOf(objects), snapshotId!);
  const below = [...objects.keys()].filter((key) => key.startsWith(`snapshots/${snapshotId}/`));
  expect(listed.map(({ key }) => key).toSorted()).toEqual(below.toSorted());
  const chunks = listed.filter(({ key }) => key.includes('/chunks/'));
  expect(chunks).toHaveLength(3);
  for (const { versionId } of chunks) expect(versionId).not.toBe('first');
});

test('a snapshot without a manifest is not found', async () => {
  await expect(listSnapshotObjects(storeOf(new Map()), 'snap-none')).rejects.toMatchObject({
    code: 'SNAPSHOT_NOT_FOUND',
  });
});
