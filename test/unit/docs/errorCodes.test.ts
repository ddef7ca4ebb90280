import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERROR_CODES } from '../../../src/errors';

const PAGE = readFileSync(join(__dirname, '../../../docs/operations.md'), 'utf8');

/** The codes in the first cells of the tables under "Errors". */
function documentedCodes(page: string): string[] {
  const [, section = ''] = page.split('\n## Errors\n');
  const cells = [...section.matchAll(/^\| (`.*?) +\|/gm)].map(([, cell]) => cell!);
  return cells.flatMap((cell) => [...cell.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code!));
}

test('the list of codes in docs/operations.md has every error code exactly once, and no other code', () => {
  expect(documentedCodes(PAGE).toSorted()).toEqual([...ERROR_CODES].toSorted());
});

test('a code that the page does not list is noticed', () => {
  const page = PAGE.replaceAll('`LEASE_LOST`', 'the lease');
  expect(documentedCodes(page)).not.toContain('LEASE_LOST');
  expect(documentedCodes(PAGE)).toContain('LEASE_LOST');
});
