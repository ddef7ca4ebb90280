import { readFileSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** What a program can check of the rules in CONTRIBUTING.md that no linter checks. */
const ROOT = resolve(__dirname, '../../..');
const ROOTS = ['src', 'workflows', 'activities', 'dev', 'test', 'bench', 'docs', '.ci'];

const MAX_LINES = 300;
/** Captured histories and pictures are data. */
const DATA = /^(test\/replay\/histories|docs\/images)\//;
const CODE = /\.(ts|cjs|mjs|py|go)$/;
const TEXT = /\.(ts|cjs|mjs|py|go|toml|md|sh)$|^\.ci\//;

const FILES = [
  ...ROOTS.flatMap((root) => filesBelow(root)),
  ...readdirSync(ROOT).filter((name) => /\.(cjs|md|json)$/.test(name)),
].filter((path) => !DATA.test(path));

function filesBelow(root: string): string[] {
  const entries = readdirSync(join(ROOT, root), { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('node_modules'))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1));
}

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const codeFiles = FILES.filter((path) => CODE.test(path));
const textFiles = FILES.filter((path) => TEXT.test(path));

/** File and line of every match, so that a failure names what to change. */
function findIn(paths: readonly string[], pattern: RegExp, isAllowed: (hit: string) => boolean): string[] {
  return paths.flatMap((path) =>
    read(path)
      .split('\n')
      .flatMap((line, index) => {
        const found = pattern.exec(line)?.[0];
        return found === undefined ? [] : [`${path}:${index + 1}: ${found.trim()}`];
      })
      .filter((hit) => !isAllowed(hit)),
  );
}

/** Neither comments nor blank lines. */
function statementsOf(path: string): string {
  return read(path)
    .replaceAll(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, '')
    .trim();
}

test('the name of every TypeScript and JavaScript file is in camelCase', () => {
  const camelCase = /(^|\/)[a-z][A-Za-z0-9]*(\.(service|model|config))?(\.test)?\.(ts|cjs|mjs)$/;
  // Given by the users of the product.
  const fixed = ['test/unit/audit_snapshot_job.test.ts', '.dependency-cruiser.cjs'];
  const named = codeFiles.filter((path) => /\.[cm]?[tj]s$/.test(path) && !fixed.includes(path));
  expect(named.filter((path) => !camelCase.test(path))).toEqual([]);
});

test(`no code file has more than ${MAX_LINES} lines`, () => {
  const long = codeFiles.filter((path) => read(path).trimEnd().split('\n').length > MAX_LINES);
  expect(long).toEqual([]);
});

test('every exported function of the product has a docstring', () => {
  const product = codeFiles.filter((path) => /^(src|workflows|activities|dev)\/.*\.ts$/.test(path));
  const bare = product.flatMap((path) => {
    const found = read(path).matchAll(/^(.*)\nexport (?:async )?function\*? (\w+)/gm);
    return [...found].filter(([, before]) => !before!.endsWith('*/')).map(([, , name]) => `${path}: ${name}`);
  });
  expect(bare).toEqual([]);
});

test('no directory is called utils or helpers', () => {
  expect(FILES.filter((path) => /(^|\/)(utils?|helpers?)\//.test(path))).toEqual([]);
});

test('nothing but the setup and the teardown of Jest has a default export', () => {
  const jest = /^test\/harness\/(startStack|stopStack)\.ts:/;
  expect(
    findIn(codeFiles, /^export default\b|^export \{[^}]*\bas default\b/, (hit) => jest.test(hit)),
  ).toEqual([]);
});

test('no file but the entry of the workflow bundle only exports what other files define', () => {
  const entries = ['workflows/index.ts'];
  const barrels = codeFiles.filter((path) => {
    const statements = statementsOf(path);
    return (
      statements !== '' &&
      statements.replaceAll(/^export (type )?(\*|\{[^}]*\}) from .*$/gm, '').trim() === ''
    );
  });
  expect(barrels.filter((path) => !entries.includes(path))).toEqual([]);
});

test('no code file declares an enum', () => {
  expect(findIn(codeFiles, /^\s*(export )?(declare )?(const )?enum\s/, () => false)).toEqual([]);
});

test('no test mocks a module of this repository', () => {
  const mock = /\bjest\.(mock|doMock|unstable_mockModule)\(/;
  const self = /^test\/unit\/house\//;
  expect(findIn(codeFiles, mock, (hit) => self.test(hit))).toEqual([]);
});

test('no test name contains "should"', () => {
  const name = /\b(test|it|describe)(\.\w+)*(\(.*\))?\(\s*['"`].*\bshould\b/;
  const self = /^test\/unit\/house\//;
  expect(findIn(textFiles, name, (hit) => self.test(hit))).toEqual([]);
});

/** Words of C3, with the plain ones that say the same. */
const BANNED: readonly (readonly [name: string, pattern: RegExp, better: string])[] = [
  ['behind', /\bbehind\b/i, 'after'],
  ['in front of', /\bin front of\b/i, 'before'],
  ['whoever', /\bwhoever\b/i, 'the caller, reader or operator'],
  ['somebody or anybody', /\b(some|any)body\b/i, 'the caller, reader or operator'],
  ['who asks', /\bwho asks\b/i, 'the caller'],
  ['mend', /\bmend(s|ed|ing)?\b/i, 'fix'],
  ['stand in', /\bstands? in\b/i, 'be in'],
  ['go on', /\b(go|goes|going|went|gone) on\b/i, 'continue'],
  ['have not the', /\b(has|have) not the\b/i, 'does not have the'],
  ['that is none', /\bthat (is|are) none\b/i, 'what happens then'],
  ['by a way of your own', /\bby a way of your own\b/i, 'out of band'],
];

/** Where a word is meant literally, or is part of a name or of an English term. */
const LITERAL: readonly RegExp[] = [
  /^test\/unit\/house\/rules\.test\.ts:/,
  // A clock is ahead of another one or behind it.
  /^(src\/cli\/doctor\/clock|test\/unit\/cli\/doctor\/checks\.test)\.ts:\d+: behind$/,
];

test.each(BANNED)('no text contains "%s"', (_name, pattern, better) => {
  const hits = findIn(textFiles, pattern, (hit) => LITERAL.some((literal) => literal.test(hit)));
  expect({ better, hits }).toEqual({ better, hits: [] });
});
