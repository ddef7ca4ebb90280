import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { recordHashVectorsFile } from '../../harness/recordHashVectors';

const DOCS = resolve(__dirname, '../../../docs');
const read = (path: string) => readFileSync(join(DOCS, path), 'utf8');

test('vectors.json is what the definition gives', () => {
  expect(read('reference/record-hash/vectors.json')).toBe(recordHashVectorsFile());
});

test.each([
  ['python', 'python/record_hash.py'],
  ['go', 'go/recordhash/recordhash.go'],
  ['java', 'java/RecordHash.java'],
  ['js', 'node/recordHash.mjs'],
])('the %s code on the page is the tested file %s', (language, file) => {
  const snippets = read('record-hash.md').matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'));
  expect([...snippets].map(([, snippet]) => snippet)).toEqual([read(`reference/record-hash/${file}`)]);
});

test('every file and heading that the page links to exists', () => {
  const links = [...read('record-hash.md').matchAll(/\]\(([^)#]+)#?([^)]*)\)/g)];
  expect(links.length).toBeGreaterThan(4);
  for (const [, path, heading] of links) {
    const titles = [...read(path!).matchAll(/^#+ (.*)$/gm)].map(([, title]) => title!);
    const anchors = titles.map((title) => title.toLowerCase().replaceAll(' ', '-'));
    expect(['', ...anchors]).toContain(heading);
  }
});
