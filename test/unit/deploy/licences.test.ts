import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const LOCK = join(resolve(__dirname, '../../..'), 'package-lock.json');

/** Licences that let a product under Apache-2.0 be distributed with the package. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'Apache-2.0 AND MIT',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'BlueOak-1.0.0',
  'ISC',
  'MIT',
  'Unlicense',
]);

/** Packages whose licence npm cannot read, or that bring data; each was read by a person at this version. */
const READ: Readonly<Record<string, string>> = {
  'caniuse-lite': 'CC-BY-4.0: browser data for the bundler, unchanged and attributed in the package',
  'tv4@1.3.0': 'public domain or MIT, in LICENSE.txt',
  'unionfs@4.6.0': 'Unlicense, in LICENSE',
};

interface Locked {
  readonly version: string;
  readonly dev?: boolean;
  readonly license?: unknown;
}

/** Packages of production whose licence nobody has allowed. */
function unexpected(packages: Readonly<Record<string, Locked>>): string[] {
  return Object.entries(packages)
    .filter(([path, { dev }]) => path !== '' && dev !== true)
    .map(([path, locked]) => ({ name: path.replace(/^.*node_modules\//, ''), ...locked }))
    .filter(
      ({ name, version, license }) =>
        !(name in READ || `${name}@${version}` in READ || ALLOWED.has(String(license))),
    )
    .map(({ name, version, license }) => `${name}@${version}: ${JSON.stringify(license)}`);
}

describe('licences of what runs in production', () => {
  const { packages } = JSON.parse(readFileSync(LOCK, 'utf8')) as { packages: Record<string, Locked> };

  test('are all on the list', () => {
    expect(unexpected(packages)).toEqual([]);
    expect(Object.keys(packages).length).toBeGreaterThan(300);
  });

  test('that are not on the list are named', () => {
    const [path] = Object.keys(packages).filter((name) => name.endsWith('/mongoose'));
    const changed = { ...packages, [path!]: { ...packages[path!]!, license: 'AGPL-3.0' } };
    expect(unexpected(changed)).toEqual([`mongoose@${packages[path!]!.version}: "AGPL-3.0"`]);
  });
});
