import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { rightsOfPage } from '../../harness/rightsPage';
import { roleOfScript } from '../../harness/roleScript';
import { actionsOf, readPolicy } from '../../harness/s3Policy';

const ROOT = join(__dirname, '../../..');
const PAGE = readFileSync(join(ROOT, 'docs/rights.md'), 'utf8');
const filesOf = (folder: string) => readdirSync(join(ROOT, folder));
const rightsIn = (section: string) => [...new Set(rightsOfPage(section).map(({ right }) => right))];

test.each(filesOf('docs/policies'))('the rights page has every right of %s, and no other', (file) => {
  const actions = actionsOf(readPolicy(file.replace('.json', '')));
  expect(rightsIn(file).toSorted()).toEqual([...actions].toSorted());
});

test.each(filesOf('deploy/vault'))('the rights page has every right of %s, and no other', (file) => {
  const text = readFileSync(join(ROOT, 'deploy/vault', file), 'utf8');
  const rules = [...text.matchAll(/^path "([^"]+)" \{\s*capabilities = \["(\w+)"\]/gm)];
  const rights = rules.map(([, path, capability]) => `${capability} on ${path}`);
  expect(rights.length).toBeGreaterThan(0);
  expect(rightsIn(file).toSorted()).toEqual(rights.toSorted());
});

test.each(filesOf('deploy/mongodb'))('the rights page has a row for the role of %s', (file) => {
  const { name } = roleOfScript(file.replace('.js', ''), 'audit');
  expect(PAGE).toMatch(new RegExp(`^\\| \`${name}\` `, 'm'));
});
