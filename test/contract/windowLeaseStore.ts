import type { LeaseRequest, WindowLeaseStore } from '../../src/ports/windowLeaseStore';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const NEXT_DAY = { from: '2026-03-02T00:00:00.000Z', to: '2026-03-02T23:59:59.999Z' };
/** Shares one instant with the day, and another one with the next. */
const BRIDGE = { from: DAY.to, to: NEXT_DAY.from };

/** What every store of window leases does, in memory or in a database. `makeLeases` returns an empty one. */
export function describeWindowLeaseStore(name: string, makeLeases: () => Promise<WindowLeaseStore>): void {
  describe(`${name} as a store of window leases`, () => {
    let leases: WindowLeaseStore;
    beforeEach(async () => {
      leases = await makeLeases();
    });

    const acquireAsOf = (asOf: number, snapshotId: string, window: LeaseRequest['window'] = DAY) =>
      leases.acquire({ snapshotId, window, workflowId: `audit-snapshot/${snapshotId}`, asOf });
    const acquire = async (snapshotId: string, window?: LeaseRequest['window']) =>
      acquireAsOf(await leases.sequence(), snapshotId, window);

    test('a window is granted once, and its holder gets the same lease again', async () => {
      const granted = await acquire('snap-a');
      expect(granted).toMatchObject({ granted: true, lease: { sequence: 1, signing: false, window: DAY } });
      await expect(acquire('snap-a')).resolves.toEqual(granted);
      await expect(acquire('snap-b')).resolves.toMatchObject({
        granted: false,
        blockers: [{ snapshotId: 'snap-a', workflowId: 'audit-snapshot/snap-a' }],
      });
    });

    test('disjoint windows are held at the same time, and a window that overlaps both is blocked by both', async () => {
      await acquire('snap-a');
      await expect(acquire('snap-b', NEXT_DAY)).resolves.toMatchObject({
        granted: true,
        lease: { sequence: 2 },
      });
      await expect(acquire('snap-c', BRIDGE)).resolves.toMatchObject({
        granted: false,
        blockers: [{ snapshotId: 'snap-a' }, { snapshotId: 'snap-b' }],
      });
    });

    test('a released window is free, and its next lease has a later sequence', async () => {
      await acquire('snap-a');
      await expect(leases.release('snap-a', 1)).resolves.toBe(true);
      await expect(leases.find('snap-a')).resolves.toBeUndefined();
      await expect(acquire('snap-b')).resolves.toMatchObject({ granted: true, lease: { sequence: 3 } });
    });

    test('a request from before a change of leases is refused, unless its lease is held already', async () => {
      const asOf = await leases.sequence();
      await expect(acquireAsOf(asOf, 'snap-a')).resolves.toMatchObject({ granted: true });
      await expect(acquireAsOf(asOf, 'snap-a')).resolves.toMatchObject({ granted: true });
      const outdated = { granted: false, blockers: [] };
      await expect(acquireAsOf(asOf, 'snap-b', NEXT_DAY)).resolves.toEqual(outdated);
      await leases.finish('snap-a');
      await expect(acquireAsOf(asOf + 1, 'snap-a')).resolves.toEqual(outdated);
      await expect(leases.find('snap-a')).resolves.toBeUndefined();
    });

    test('the beginning of signing does not outdate requests', async () => {
      await acquire('snap-a');
      const asOf = await leases.sequence();
      await leases.beginSigning('snap-a');
      await expect(acquireAsOf(asOf, 'snap-b', NEXT_DAY)).resolves.toMatchObject({ granted: true });
    });

    test('a snapshot that withdraws releases its lease, and its earlier requests are refused', async () => {
      const asOf = await leases.sequence();
      await expect(leases.withdraw('snap-a')).resolves.toBe(true);
      await expect(acquireAsOf(asOf, 'snap-a')).resolves.toEqual({ granted: false, blockers: [] });
      await acquire('snap-a');
      await expect(leases.withdraw('snap-a')).resolves.toBe(true);
      await expect(leases.find('snap-a')).resolves.toBeUndefined();
    });

    test('a snapshot that is being signed cannot withdraw', async () => {
      await acquire('snap-a');
      await leases.beginSigning('snap-a');
      await expect(leases.withdraw('snap-a')).resolves.toBe(false);
      await expect(leases.find('snap-a')).resolves.toMatchObject({ signing: true });
    });

    test('a release with an old sequence does not release a later lease', async () => {
      await acquire('snap-a');
      await leases.release('snap-a', 1);
      await acquire('snap-a');
      await expect(leases.release('snap-a', 1)).resolves.toBe(true);
      await expect(leases.find('snap-a')).resolves.toMatchObject({ sequence: 3 });
    });

    test('a lease of a snapshot that is being signed is not released until the snapshot is finished', async () => {
      await acquire('snap-a');
      await leases.beginSigning('snap-a');
      await leases.beginSigning('snap-a');
      await expect(leases.release('snap-a', 1)).resolves.toBe(false);
      await expect(leases.find('snap-a')).resolves.toMatchObject({ signing: true });
      await leases.finish('snap-a');
      await leases.finish('snap-a');
      await expect(acquire('snap-b')).resolves.toMatchObject({ granted: true });
    });

    test('the list has every lease that is held, and none that was released or finished', async () => {
      await expect(leases.list()).resolves.toEqual([]);
      await acquire('snap-a');
      await acquire('snap-b', NEXT_DAY);
      await leases.beginSigning('snap-b');
      const listed = (await leases.list()).map(({ snapshotId, signing }) => [snapshotId, signing]);
      expect(listed).toEqual([
        ['snap-a', false],
        ['snap-b', true],
      ]);
      await leases.release('snap-a', 1);
      await leases.finish('snap-b');
      await expect(leases.list()).resolves.toEqual([]);
    });

    test('signing without a lease is refused with LEASE_LOST', async () => {
      await acquire('snap-a');
      await leases.release('snap-a', 1);
      await expect(leases.beginSigning('snap-a')).rejects.toMatchObject({ code: 'LEASE_LOST' });
    });

    test('of ten concurrent requests for one window exactly one is granted', async () => {
      const names = Array.from({ length: 10 }, (_, index) => `snap-${index}`);
      const outcomes = await Promise.all(names.map((snapshotId) => acquire(snapshotId)));
      expect(outcomes.filter(({ granted }) => granted)).toHaveLength(1);
    });
  });
}
