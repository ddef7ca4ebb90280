import Ajv from 'ajv';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { parse } from 'yaml';
import { anchorsOf } from './anchors';

const ROOT = resolve(__dirname, '../../..');
const CHART = 'deploy/chart/audit-snapshot';
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** Links of a page that lead nowhere in this repository. */
function deadLinks(page: string, text = read(page)): string[] {
  const links = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
  return links.filter((link) => {
    if (link.startsWith('http')) return false;
    const [path, anchor] = link.split('#');
    const target = path === '' ? page : join(dirname(page), path!);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && !anchorsOf(target).has(anchor);
  });
}

test.each(['docs/deploy.md', 'SECURITY.md', 'docs/operations.md'])(
  'every link of %s leads somewhere',
  (page) => {
    expect(deadLinks(page)).toEqual([]);
    expect(deadLinks(page, '[a](nowhere.md), [b](#nowhere)')).toEqual(['nowhere.md', '#nowhere']);
  },
);

test('every value of the chart is in the table of the page', () => {
  const values = Object.keys(parse(read(`${CHART}/values.yaml`)) as object);
  expect(values.length).toBeGreaterThan(10);
  expect(
    values.filter(
      (value) =>
        !read('docs/deploy.md').includes(`| \`${value}`) && !read('docs/deploy.md').includes(`, \`${value}`),
    ),
  ).toEqual([]);
});

test('the values that the page shows are values of the chart', () => {
  const [, shown] = /^```yaml\n# values\.yaml\n(.*?)^```$/ms.exec(read('docs/deploy.md'))!;
  const own = parse(read(`${CHART}/values.yaml`)) as object;
  const validate = new Ajv({ strict: false }).compile(
    JSON.parse(read(`${CHART}/values.schema.json`)) as object,
  );
  expect(validate({ ...own, ...(parse(shown!) as object) })).toBe(true);
  expect(validate({ ...own, ...(parse(shown!.replace('clients:', 'callers:')) as object) })).toBe(false);
});
