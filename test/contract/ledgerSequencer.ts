import { leafHash, rootOfLeaves } from '../../src/tlog/merkle';
import type { LedgerSequencer } from '../../src/ports/ledgerSequencer';

const entryOf = (name: string) => Buffer.from(`{"snapshotId":"${name}"}`);

/** What every ledger book does, in memory or in a database. `makeBook` gives an empty one. */
export function describeLedgerBook(name: string, makeBook: () => Promise<LedgerSequencer>): void {
  describe(`${name} as a ledger book`, () => {
    let book: LedgerSequencer;
    beforeEach(async () => {
      book = await makeBook();
    });

    const append = (snapshotId: string) => book.append(snapshotId, entryOf(snapshotId));

    test('an empty book has no entries and the root of nothing', async () => {
      await expect(book.head()).resolves.toEqual({ size: 0, root: rootOfLeaves([]) });
      await expect(book.list(0, 0)).resolves.toEqual([]);
    });

    test('entries get their places in order, and the head commits to them', async () => {
      const names = ['snap-a', 'snap-b', 'snap-c'];
      for (const [place, snapshotId] of names.entries())
        await expect(append(snapshotId)).resolves.toBe(place);
      const root = rootOfLeaves(names.map((snapshotId) => leafHash(entryOf(snapshotId))));
      await expect(book.head()).resolves.toEqual({ size: 3, root });
      await expect(book.list(1, 3)).resolves.toEqual([entryOf('snap-b'), entryOf('snap-c')]);
    });

    test('a snapshot that is appended again keeps its place', async () => {
      await append('snap-a');
      await append('snap-b');
      await expect(append('snap-a')).resolves.toBe(0);
      await expect(book.head()).resolves.toMatchObject({ size: 2 });
    });

    test('another entry of a snapshot is a conflict, and changes nothing', async () => {
      await append('snap-a');
      await expect(book.append('snap-a', entryOf('snap-x'))).rejects.toMatchObject({
        code: 'SNAPSHOT_CONFLICT',
      });
      await expect(book.list(0, 1)).resolves.toEqual([entryOf('snap-a')]);
    });

    test('of twenty that append at once each gets a place of its own', async () => {
      const names = Array.from({ length: 20 }, (_, index) => `snap-${index}`);
      const places = await Promise.all(names.map(append));
      expect(places.toSorted((left, right) => left - right)).toEqual(names.map((_, place) => place));
      const entries = await book.list(0, 20);
      for (const [index, place] of places.entries()) expect(entries[place]).toEqual(entryOf(names[index]!));
    });
  });
}
