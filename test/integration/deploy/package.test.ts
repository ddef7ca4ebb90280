import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { runTool } from './tools';

const ROOT = resolve(__dirname, '../../..');

const digestOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

describe('what is published', () => {
  const room = mkdtempSync(join(tmpdir(), 'audit-snapshot-pack-'));
  afterAll(() => rmSync(room, { recursive: true, force: true }));

  /** Packs a directory into a folder of its own; the path of the tarball. */
  async function pack(directory: string, name: string): Promise<string> {
    const destination = mkdtempSync(join(room, name));
    const args = ['pack', '--ignore-scripts', '--pack-destination', destination, directory];
    expect(await runTool('npm', args)).toMatchObject({ code: 0 });
    return join(destination, readdirSync(destination)[0]!);
  }

  test('is the same tarball from another directory whose files are of another day', async () => {
    const first = await pack(ROOT, 'first-');
    expect(await runTool('tar', ['-xzf', first, '-C', room])).toMatchObject({ code: 0 });
    const unpacked = join(room, 'package');
    for (const entry of readdirSync(unpacked, { recursive: true, withFileTypes: true }))
      if (entry.isFile()) utimesSync(join(entry.parentPath, entry.name), 1e9, 1e9);
    expect(digestOf(await pack(unpacked, 'second-'))).toBe(digestOf(first));
  }, 120_000);

  test('comes with a list of every package that runs in production, and of no other', async () => {
    const { code, stdout } = await runTool(join(ROOT, 'deploy/sbom.sh'), []);
    expect(code).toBe(0);
    const sbom = JSON.parse(stdout) as {
      bomFormat: string;
      components: { name: string; version: string; scope: string; hashes?: object[] }[];
    };
    const { packages } = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string; dev?: boolean }>;
    };
    const production = Object.entries(packages)
      .filter(([path, { dev }]) => path !== '' && dev !== true)
      .map(([path, { version }]) => `${path.replace(/^.*node_modules\//, '')}@${version}`);
    expect(sbom.bomFormat).toBe('CycloneDX');
    expect(new Set(sbom.components.map(({ name, version }) => `${name}@${version}`))).toEqual(
      new Set(production),
    );
    const unhashed = sbom.components.filter(
      ({ scope, hashes }) => scope === 'required' && hashes === undefined,
    );
    expect(unhashed).toEqual([]);
  }, 120_000);
});
