import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const TESTS = resolve(__dirname, '../..');
const PAGE = readFileSync(resolve(TESTS, '../docs/threat-model.md'), 'utf8');
/** Cells of each row of the table of attacks, without its head. */
const ROWS = PAGE.slice(PAGE.indexOf('## Attacks'), PAGE.indexOf('## Secrets'))
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(2)
  .map((line) => line.split(' | ').map((cell) => cell.replaceAll(/^\||\|$/g, '').trim()));

/** The tests that a cell names, as file and name. */
function testsOf(cell: string): readonly (readonly [file: string, name: string])[] {
  return [...cell.matchAll(/`([\w/]+\.test\.ts)`: “([^”]+)”/g)].map(([, file, name]) => [file!, name!]);
}

test('the threat model has a row for each attack, with four cells', () => {
  expect(ROWS.length).toBeGreaterThan(20);
  expect(ROWS.filter((row) => row.length !== 4)).toEqual([]);
});

test('each row of the threat model names a test, or says that nothing detects the attack', () => {
  const silent = ROWS.filter(([, , result = '', tests = '']) =>
    tests.startsWith('none: ')
      ? !/\*\*not detected\*\*|out of scope/.test(result)
      : testsOf(tests).length === 0,
  );
  expect(silent).toEqual([]);
});

test('each test that the threat model names exists', () => {
  const named = ROWS.flatMap(([, , , tests = '']) => testsOf(tests));
  const missing = named.filter(([file, name]) => {
    const path = join(TESTS, file);
    return !existsSync(path) || !readFileSync(path, 'utf8').includes(name);
  });
  expect(missing).toEqual([]);
});
