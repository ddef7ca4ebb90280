import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { NAMES } from '../../../src/config/schema';

test.each(NAMES.map((name) => [name]))('the setting %s is documented', (name) => {
  const pages = ['operations.md', 'job-service.md', 'storage.md', 'vault.md', 'temporal.md'].map((page) =>
    readFileSync(join(__dirname, '../../../docs', page), 'utf8'),
  );
  expect(pages.join('\n')).toContain(`\`${name}\``);
});
