import { leafHash, rootOfLeaves } from '../../src/tlog/merkle';
import type { LedgerSequencer } from '../../src/ports/ledgerSequencer';

const entryOf = (name: string) => Buffer.from(`{"snapshotId":"${name}"}`);

/** What every ledger sequencer does, in memory or in a database. `makeSequencer` returns an empty one. */
export function describeLedgerSequencer(name: string, makeSequencer: () => Promise<LedgerSequencer>): void {
  describe(`${name} as a ledger sequencer`, () => {
    let ledger: LedgerSequencer;
    beforeEach(async () => {
      ledger = await makeSequencer();
    });

    const append = (snapshotId: string) => ledger.append(snapshotId, entryOf(snapshotId));

    test('an empty ledger has no entries and the root of the empty tree', async () => {
      await expect(ledger.head()).resolves.toEqual({ size: 0, root: rootOfLeaves([]) });
      await expect(ledger.list(0, 0)).resolves.toEqual([]);
    });

    test('entries get consecutive indexes, and the head commits to them', async () => {
      const names = ['snap-a', 'snap-b', 'snap-c'];
      for (const [index, snapshotId] of names.entries())
        await expect(append(snapshotId)).resolves.toBe(index);
      const root = rootOfLeaves(names.map((snapshotId) => leafHash(entryOf(snapshotId))));
      await expect(ledger.head()).resolves.toEqual({ size: 3, root });
      await expect(ledger.list(1, 3)).resolves.toEqual([entryOf('snap-b'), entryOf('snap-c')]);
    });

    test('a snapshot that is appended again keeps its index', async () => {
      await append('snap-a');
      await append('snap-b');
      await expect(append('snap-a')).resolves.toBe(0);
      await expect(ledger.head()).resolves.toMatchObject({ size: 2 });
    });

    test('a second, different entry of a snapshot is a conflict and changes nothing', async () => {
      await append('snap-a');
      await expect(ledger.append('snap-a', entryOf('snap-x'))).rejects.toMatchObject({
        code: 'SNAPSHOT_CONFLICT',
      });
      await expect(ledger.list(0, 1)).resolves.toEqual([entryOf('snap-a')]);
    });

    test('rows can be listed from any index on', async () => {
      for (const snapshotId of ['snap-a', 'snap-b', 'snap-c']) await append(snapshotId);
      await expect(ledger.listRows(1)).resolves.toEqual([entryOf('snap-b'), entryOf('snap-c')]);
      await expect(ledger.listRows(3)).resolves.toEqual([]);
    });

    test('the committed entries can be replaced, and appending continues after them', async () => {
      for (const snapshotId of ['snap-a', 'snap-b', 'snap-c', 'snap-d']) await append(snapshotId);
      const names = ['snap-a', 'snap-c', 'snap-e'];
      const rows = names.map((snapshotId) => ({ snapshotId, entry: entryOf(snapshotId) }));
      await expect(ledger.replaceAll(rows)).resolves.toEqual({ restored: 2, removed: 3 });
      const root = rootOfLeaves(rows.map(({ entry }) => leafHash(entry)));
      await expect(ledger.head()).resolves.toEqual({ size: 3, root });
      await expect(ledger.list(0, 3)).resolves.toEqual(rows.map(({ entry }) => entry));
      await expect(append('snap-b')).resolves.toBe(3);
      await expect(ledger.replaceAll([])).resolves.toEqual({ restored: 0, removed: 4 });
      await expect(ledger.head()).resolves.toMatchObject({ size: 0 });
    });

    test('twenty concurrent appends get twenty different indexes', async () => {
      const names = Array.from({ length: 20 }, (_, index) => `snap-${index}`);
      const indexes = await Promise.all(names.map(append));
      expect(indexes.toSorted((left, right) => left - right)).toEqual(names.map((_, index) => index));
      const entries = await ledger.list(0, 20);
      for (const [order, index] of indexes.entries()) expect(entries[index]).toEqual(entryOf(names[order]!));
    });
  });
}
