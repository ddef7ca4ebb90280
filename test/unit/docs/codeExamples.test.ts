import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** What the examples of a file use without declaring it; `~` is the folder src. */
const PRELUDES: Readonly<Record<string, string>> = {
  'src/client/index.ts': `
    import { readFileSync } from 'node:fs';
    import { Client, Connection } from '@temporalio/client';
    import { AuditSnapshotClient } from '~/client';
    declare const client: AuditSnapshotClient;
  `,
  'src/client/snapshotHandle.ts': `
    import { isSnapshotError, type SnapshotHandle } from '~/client';
    declare const run: SnapshotHandle;
  `,
  'src/services/audit.service.ts': `
    import { connectDatabase } from '~/mongo/connection';
    import { AuditService } from '~/services/audit.service';
    import type { AuditEntry } from '~/services/auditEntry';
    declare const audit: AuditService;
    declare const importedEntries: AuditEntry[], idsOfOneChunk: string[], fromMs: number, untilMs: number, record: Buffer;
    declare const snapshotAssetId: string, signedHash: string;
  `,
  'src/services/auditLog.ts': `
    import mongoose from 'mongoose';
    import { AuditLog, type AuditEntry } from '~/services/auditLog';
    declare const log: AuditLog, importedEntries: AuditEntry[];
  `,
  'src/services/asset.service.ts': `
    import { connectDatabase } from '~/mongo/connection';
    import { AssetService } from '~/services/asset.service';
    declare const uri: string, signedHash: string;
  `,
};

/** The text of every `@example` of a file. */
function examplesOf(path: string): string[] {
  const blocks = read(path).matchAll(/@example\n\s*\* ```ts\n(.*?)\* ```/gs);
  return [...blocks].map(([, block]) => block!.replaceAll(/^\s*\* ?/gm, ''));
}

/** A module in which an example of a file runs. */
function moduleOf(path: string, example: string): string {
  const prelude = PRELUDES[path]!.replaceAll('~', join(ROOT, 'src'));
  return `${prelude}\nexport async function example() {\n${example}\n}\n`;
}

const snippetsOf = (page: string) =>
  [...read(page).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, snippet]) => snippet!);

/** Each page with the least number of its snippets, and a wrong one with what the compiler says about it. */
const PAGES = [
  {
    page: 'docs/client.md',
    atLeast: 5,
    wrong: snippetsOf('docs/client.md').at(-1)!.replaceAll('run.jobId', 'run.jobName'),
    error: "'jobName' does not exist",
  },
  {
    page: 'docs/writer.md',
    atLeast: 3,
    wrong: snippetsOf('docs/writer.md')[1]!.replaceAll('log.writeAll', 'log.writeMany'),
    error: "'writeMany' does not exist",
  },
];
const examples = Object.keys(PRELUDES).flatMap((path) =>
  examplesOf(path).map((text) => moduleOf(path, text)),
);
const WRONG_EXAMPLE = moduleOf('src/client/index.ts', 'await client.submitWindow();');

describe('the TypeScript in documentation and docstrings', () => {
  // Inside the checkout, so that packages are found; ignored by git.
  const directory = mkdtempSync(join(ROOT, 'node_modules/.examples-'));
  let program: ts.Program;

  // One program, because parsing the declarations takes longest.
  beforeAll(() => {
    const snippets = PAGES.flatMap(({ page, wrong }) => [...snippetsOf(page), wrong]);
    const snippetFiles = snippets.map((text) => write(text, 'mts'));
    const exampleFiles = [...examples, WRONG_EXAMPLE].map((text) => write(text, 'ts'));
    const { config } = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
      config: unknown;
    };
    program = ts.createProgram([...snippetFiles, ...exampleFiles], {
      ...ts.parseJsonConfigFileContent(config, ts.sys, ROOT).options,
      paths: {
        'audit-snapshot/client': [join(ROOT, 'src/client/index.ts')],
        'audit-snapshot/log': [join(ROOT, 'src/services/auditLog.ts')],
      },
      typeRoots: [join(ROOT, 'node_modules/@types')],
      types: ['node'],
      noEmit: true,
      noUnusedLocals: false,
    });
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  const files = new Map<string, string>();

  function write(text: string, extension: string): string {
    const file = join(directory, `${files.size}.${extension}`);
    writeFileSync(file, text);
    files.set(text, file);
    return file;
  }

  /** The errors of the compiler in modules with these texts. */
  function errorsOf(texts: readonly string[]): string[] {
    return texts.flatMap((text) => {
      const source = program.getSourceFile(files.get(text)!)!;
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
    });
  }

  test.each(PAGES)(
    'the snippets of $page compile, and one with an unknown member does not',
    ({ page, atLeast, wrong, error }) => {
      const snippets = snippetsOf(page);
      expect(snippets.length).toBeGreaterThanOrEqual(atLeast);
      expect(errorsOf(snippets)).toEqual([]);
      expect(errorsOf([wrong]).join()).toContain(error);
    },
  );

  test('every example of the client and the services compiles, and one with a wrong member does not', () => {
    expect(examples.length).toBeGreaterThan(20);
    expect(errorsOf(examples)).toEqual([]);
    expect(errorsOf([WRONG_EXAMPLE])).toEqual([
      "Property 'submitWindow' does not exist on type 'AuditSnapshotClient'.",
    ]);
  });
});
