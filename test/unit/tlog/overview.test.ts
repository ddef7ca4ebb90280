import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';
import ts from 'typescript';
import * as merkle from '../../../src/tlog/merkle';
import * as proof from '../../../src/tlog/proof';

const FOLDER = join(__dirname, '../../../src/tlog');

/** The code of the first example in the leading comment of a file. */
function exampleIn(file: string): string {
  const [comment = ''] = /^\/\*\*.*?\*\//s.exec(readFileSync(join(FOLDER, file), 'utf8')) ?? [];
  const lines = comment.split('\n').map((line) => line.replace(/^ \* ?/, ''));
  const start = lines.indexOf('@example');
  const end = lines.findIndex((line) => line.startsWith('@see'));
  return lines.slice(start + 1, end).join('\n');
}

/** Runs TypeScript that imports files of the folder; returns what it logs. */
function run(code: string): unknown[] {
  const compiled = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
  const modules: Record<string, unknown> = { './merkle': merkle, './proof': proof };
  const logged: unknown[] = [];
  runInNewContext(compiled.outputText, {
    Buffer,
    console: { log: (value: unknown) => logged.push(value) },
    exports: {},
    require: (path: string) => modules[path],
  });
  return logged;
}

test('the example in the overview of the log runs, and proves its entry', () => {
  const example = exampleIn('merkle.ts');
  expect(run(example)).toEqual([true]);
  expect(run(example.replace("Buffer.from('second')", "Buffer.from('other')"))).toEqual([false]);
});
