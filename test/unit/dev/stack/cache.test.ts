import { cacheRoot, locateInCache } from '../../../../dev/stack/cache';
import { CATALOG } from '../../../../dev/stack/servers/catalog';

test.each([
  [{ AUDIT_SNAPSHOT_CACHE: '/own', XDG_CACHE_HOME: '/xdg', HOME: '/home/me' }, '/own'],
  [{ AUDIT_SNAPSHOT_CACHE: '', XDG_CACHE_HOME: '/xdg', HOME: '/home/me' }, '/xdg/audit-snapshot'],
  [{ XDG_CACHE_HOME: '', HOME: '/home/me' }, '/home/me/.cache/audit-snapshot'],
])('with %j the cache is %s', (environment, root) => {
  expect(cacheRoot(environment)).toBe(root);
});

test('no two tools or versions share a path in the cache', () => {
  const paths = Object.values(CATALOG)
    .flatMap(({ tool }) => [tool, { ...tool, version: '0.0.0' }])
    .flatMap(
      (tool) => Object.values(locateInCache(tool, { AUDIT_SNAPSHOT_CACHE: '/own' }) as object) as string[],
    );
  expect(new Set(paths).size).toBe(paths.length);
});
