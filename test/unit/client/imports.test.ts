import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';

const ROOT = resolve(__dirname, '../../..');

/** Loads a module in a separate process and prints its files of this repository, what they require, and all loaded packages. */
const PROGRAM = `
const { relative } = require('node:path');
require(process.argv[1]);
const nameOf = (file) => {
  const path = relative(process.cwd(), file);
  const packaged = /(?:^|\\/)node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(path);
  return packaged ? packaged[1] : path;
};
const modules = Object.values(require.cache).filter((module) => module.filename !== __filename);
const ours = modules.filter(({ filename }) => nameOf(filename).startsWith('src/'));
const direct = ours.flatMap(({ children }) => children.map(({ filename }) => nameOf(filename)));
console.log(JSON.stringify({
  files: ours.map(({ filename }) => nameOf(filename)).sort(),
  direct: [...new Set(direct)].filter((name) => !name.startsWith('src/')).sort(),
  packages: [...new Set(modules.map(({ filename }) => nameOf(filename)))].filter((name) => !name.startsWith('src/')),
}));
`;

interface Loaded {
  readonly files: readonly string[];
  readonly direct: readonly string[];
  readonly packages: readonly string[];
}

function load(file: string): Loaded {
  const hook = resolve(ROOT, 'test/harness/runTypeScript.cjs');
  const args = ['-r', hook, '-e', PROGRAM, resolve(ROOT, file)];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: ROOT }).toString()) as Loaded;
}

const HEAVY = ['zod', 'mongoose', 'minio', 'node-vault', 'fastify', 'pino', '@temporalio/worker'];

describe('what a process loads', () => {
  test('the client library loads Temporal and a few small files of this repository', () => {
    const { files, direct, packages } = load('src/client/index.ts');
    expect(direct).toEqual(['@temporalio/client', '@temporalio/common']);
    expect(files.filter((file) => !/^src\/(client|contract)[/.]/.test(file))).toEqual([
      'src/errors.ts',
      'src/temporal/connection.ts',
      'src/temporal/errors.ts',
    ]);
    expect(packages.filter((name) => HEAVY.includes(name))).toEqual([]);
  });

  test('the log writer loads mongoose and small files of this repository, and no other client', () => {
    const { files, direct, packages } = load('src/services/auditLog.ts');
    expect(direct).toEqual(['mongoose']);
    expect(files.length).toBeLessThan(25);
    expect(packages.filter((name) => [...HEAVY, '@temporalio/common'].includes(name))).toEqual(['mongoose']);
  });

  test('the job service loads database, server and log packages, so the check can tell them apart', () => {
    expect(load('src/http/main.ts').packages).toEqual(
      expect.arrayContaining(['zod', 'mongoose', 'fastify', 'pino']),
    );
  });
});
