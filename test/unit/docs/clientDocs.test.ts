import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

test.each([
  ['README.md', 'service-client/seal.ts'],
  ['docs/client.md', 'service-client/seal.ts'],
  ['docs/writer.md', 'log-writer/write.ts'],
])('the example in %s is identical to the file %s of the example project', (page, file) => {
  const snippets = [...read(page).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, snippet]) => snippet);
  expect(snippets).toContain(read(`docs/examples/${file}`));
});
