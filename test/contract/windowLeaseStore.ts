import type { LeaseRequest, WindowLeaseStore } from '../../src/ports/windowLeaseStore';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const NEXT_DAY = { from: '2026-03-02T00:00:00.000Z', to: '2026-03-02T23:59:59.999Z' };
/** Shares one instant with the day, and another one with the next. */
const BRIDGE = { from: DAY.to, to: NEXT_DAY.from };

/** What every keeper of leases does, in memory or in a database. `makeLeases` gives one without leases. */
export function describeWindowLeaseStore(name: string, makeLeases: () => Promise<WindowLeaseStore>): void {
  describe(`${name} as keeper of the windows`, () => {
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

    test('windows that share no instant are held side by side, and one that shares an instant waits for both', async () => {
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

    test('a lease that is given up is free, and the next one has a later sequence', async () => {
      await acquire('snap-a');
      await expect(leases.release('snap-a', 1)).resolves.toBe(true);
      await expect(leases.find('snap-a')).resolves.toBeUndefined();
      await expect(acquire('snap-b')).resolves.toMatchObject({ granted: true, lease: { sequence: 3 } });
    });

    test('whoever asked before a window changed hands gets none, unless it has it', async () => {
      const asOf = await leases.sequence();
      await expect(acquireAsOf(asOf, 'snap-a')).resolves.toMatchObject({ granted: true });
      await expect(acquireAsOf(asOf, 'snap-a')).resolves.toMatchObject({ granted: true });
      const outdated = { granted: false, blockers: [] };
      await expect(acquireAsOf(asOf, 'snap-b', NEXT_DAY)).resolves.toEqual(outdated);
      await leases.finish('snap-a');
      await expect(acquireAsOf(asOf + 1, 'snap-a')).resolves.toEqual(outdated);
      await expect(leases.find('snap-a')).resolves.toBeUndefined();
    });

    test('beginning to sign changes no hands', async () => {
      await acquire('snap-a');
      const asOf = await leases.sequence();
      await leases.beginSigning('snap-a');
      await expect(acquireAsOf(asOf, 'snap-b', NEXT_DAY)).resolves.toMatchObject({ granted: true });
    });

    test('a snapshot that withdraws gives its lease up, and what was asked for it before is not granted', async () => {
      const asOf = await leases.sequence();
      await expect(leases.withdraw('snap-a')).resolves.toBe(true);
      await expect(acquireAsOf(asOf, 'snap-a')).resolves.toEqual({ granted: false, blockers: [] });
      await acquire('snap-a');
      await expect(leases.withdraw('snap-a')).resolves.toBe(true);
      await expect(leases.find('snap-a')).resolves.toBeUndefined();
    });

    test('a snapshot whose signing began does not withdraw', async () => {
      await acquire('snap-a');
      await leases.beginSigning('snap-a');
      await expect(leases.withdraw('snap-a')).resolves.toBe(false);
      await expect(leases.find('snap-a')).resolves.toMatchObject({ signing: true });
    });

    test('an old sequence gives a later lease not up', async () => {
      await acquire('snap-a');
      await leases.release('snap-a', 1);
      await acquire('snap-a');
      await expect(leases.release('snap-a', 1)).resolves.toBe(true);
      await expect(leases.find('snap-a')).resolves.toMatchObject({ sequence: 3 });
    });

    test('a lease under which signing began is not given up, and ends with its snapshot', async () => {
      await acquire('snap-a');
      await leases.beginSigning('snap-a');
      await leases.beginSigning('snap-a');
      await expect(leases.release('snap-a', 1)).resolves.toBe(false);
      await expect(leases.find('snap-a')).resolves.toMatchObject({ signing: true });
      await leases.finish('snap-a');
      await leases.finish('snap-a');
      await expect(acquire('snap-b')).resolves.toMatchObject({ granted: true });
    });

    test('nobody begins signing without a lease', async () => {
      await acquire('snap-a');
      await leases.release('snap-a', 1);
      await expect(leases.beginSigning('snap-a')).rejects.toMatchObject({ code: 'LEASE_LOST' });
    });

    test('of ten that want one window at once, one gets it', async () => {
      const names = Array.from({ length: 10 }, (_, index) => `snap-${index}`);
      const outcomes = await Promise.all(names.map((snapshotId) => acquire(snapshotId)));
      expect(outcomes.filter(({ granted }) => granted)).toHaveLength(1);
    });
  });
}
