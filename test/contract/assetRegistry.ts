import type { AssetRegistration, AssetRegistry } from '../../src/ports/assetRegistry';

const REGISTRATION: AssetRegistration = {
  snapshotId: 'snap-a',
  objects: [{ key: 'snapshots/snap-a/manifest.json', versionId: 'v1', sizeBytes: 900 }],
  signedHash: 'c2lnbmF0dXJl',
  retainUntil: '2032-03-01T00:00:00.000Z',
};

/** What every asset registry does, in memory or in a database. `makeRegistry` returns an empty one. */
export function describeAssetRegistry(name: string, makeRegistry: () => Promise<AssetRegistry>): void {
  describe(`${name} as an asset registry`, () => {
    let registry: AssetRegistry;
    beforeEach(async () => {
      registry = await makeRegistry();
    });

    test('a snapshot that is registered again keeps its asset', async () => {
      const asset = await registry.registerAsset(REGISTRATION);
      expect(asset.snapshotAssetId).toMatch(/^[0-9a-f]{24}$/);
      await expect(registry.registerAsset(REGISTRATION)).resolves.toEqual(asset);
    });

    test('two snapshots have two assets', async () => {
      const one = await registry.registerAsset(REGISTRATION);
      const other = await registry.registerAsset({ ...REGISTRATION, snapshotId: 'snap-b' });
      expect(other.snapshotAssetId).not.toBe(one.snapshotAssetId);
    });

    test.each([
      ['signature', { signedHash: 'b3RoZXI=' }],
      ['version of an object', { objects: [{ ...REGISTRATION.objects[0]!, versionId: 'v2' }] }],
      ['number of objects', { objects: [] }],
    ])('registering a snapshot again with another %s is a conflict', async (_what, change) => {
      await registry.registerAsset(REGISTRATION);
      await expect(registry.registerAsset({ ...REGISTRATION, ...change })).rejects.toMatchObject({
        code: 'SNAPSHOT_CONFLICT',
      });
    });

    test('ten concurrent registrations of one snapshot return the same asset', async () => {
      const assets = await Promise.all(
        Array.from({ length: 10 }, () => registry.registerAsset(REGISTRATION)),
      );
      expect(new Set(assets.map(({ snapshotAssetId }) => snapshotAssetId)).size).toBe(1);
    });
  });
}
