import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ASVS_REQUIREMENTS } from './asvsRequirements';

const TESTS = resolve(__dirname, '../..');
const PAGE = readFileSync(resolve(TESTS, '../docs/security.md'), 'utf8');
/** Requirement, level, state, and tests or reason. */
const ROWS = [...PAGE.matchAll(/^\| (V[\d.]+) +\| (\d) +\| (\S+) +\| (.*?) +\|$/gm)].map(
  ([, id, level, state, text]) => ({ id: id!, level: level!, state: state!, text: text! }),
);

/** The tests that a cell names, as file and name. */
function testsOf(cell: string): readonly (readonly [file: string, name: string])[] {
  return [...cell.matchAll(/`([\w/]+\.test\.ts)`: “([^”]+)”/g)].map(([, file, name]) => [file!, name!]);
}

test('the page answers each requirement of ASVS 5.0 up to level 2 once, at its level', () => {
  expect(ASVS_REQUIREMENTS.size).toBe(253);
  expect(ROWS.map(({ id }) => id).toSorted()).toEqual([...ASVS_REQUIREMENTS.keys()].toSorted());
  expect(ROWS.filter(({ id, level }) => ASVS_REQUIREMENTS.get(id) !== level)).toEqual([]);
});

test('each answer is met with tests, left to the operator, or without an object, with the reason', () => {
  const silent = ROWS.filter(({ state, text }) => {
    if (state === 'met') return testsOf(text).length === 0;
    return !['operator', 'n/a'].includes(state) || text.length < 15 || !text.endsWith('.');
  });
  expect(silent).toEqual([]);
  expect(ROWS.filter(({ state }) => state === 'met').length).toBeGreaterThan(100);
});

test('each test that the page names exists', () => {
  const named = ROWS.flatMap(({ text }) => testsOf(text));
  const missing = named.filter(([file, name]) => {
    const path = join(TESTS, file);
    return !existsSync(path) || !readFileSync(path, 'utf8').includes(name);
  });
  expect(missing).toEqual([]);
});
