import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../..');

/** The paths of the table "Source tree". A path without a slash before its name is beside the first one of its row. */
function documentedPaths(): string[] {
  const page = readFileSync(join(ROOT, 'docs/design.md'), 'utf8');
  const [, table = ''] = /^## Source tree\n(.*?)^Imports go one way/ms.exec(page) ?? [];
  return [...table.matchAll(/^\| (`.*?`) +\|/gm)].flatMap(([, cell]) => {
    const [first = '', ...others] = [...cell!.matchAll(/`(.*?)`/g)].map(([, path]) => path!);
    const beside = (path: string) => (/.\/./.test(path) ? path : posix.join(posix.dirname(first), path));
    return [first, ...others.map(beside)];
  });
}

/** The directories of a directory, and its files if `withFiles`. */
function childrenOf(path: string, withFiles: boolean): string[] {
  return readdirSync(join(ROOT, path), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() || withFiles)
    .map((entry) => posix.join(path, entry.isDirectory() ? `${entry.name}/` : entry.name));
}

test('the table of the source tree in docs/design.md names every directory and file of src, and nothing else', () => {
  const paths = documentedPaths();
  expect(paths.length).toBeGreaterThan(20);
  expect(new Set(paths).size).toBe(paths.length);
  expect(paths.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  const expected = [...childrenOf('src', true), ...childrenOf('dev', false)];
  const others = ['workflows/', 'activities/', 'test/', 'bench/', 'docs/', 'deploy/'];
  expect(paths.toSorted()).toEqual([...expected, ...others].toSorted());
});
