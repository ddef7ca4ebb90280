import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../../..');

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
  const blocks = readFileSync(join(ROOT, path), 'utf8').matchAll(/@example\n\s*\* ```ts\n(.*?)\* ```/gs);
  return [...blocks].map(([, block]) => block!.replaceAll(/^\s*\* ?/gm, ''));
}

describe('the examples in docstrings', () => {
  // Inside of the checkout, so that packages are found; ignored by git.
  const directory = mkdtempSync(join(ROOT, 'node_modules/.examples-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  function complaints(examples: readonly (readonly [path: string, text: string])[]): string[] {
    const files = examples.map(([path, text], index) => {
      const file = join(directory, `${index}.ts`);
      const prelude = PRELUDES[path]!.replaceAll('~', join(ROOT, 'src'));
      writeFileSync(file, `${prelude}\nexport async function example() {\n${text}\n}\n`);
      return file;
    });
    const config: unknown = ts.readConfigFile(join(ROOT, 'tsconfig.json'), (path) =>
      ts.sys.readFile(path),
    ).config;
    const { options } = ts.parseJsonConfigFileContent(config, ts.sys, ROOT);
    const program = ts.createProgram(files, { ...options, noEmit: true, noUnusedLocals: false });
    return files.flatMap((file) => {
      const found = program.getSemanticDiagnostics(program.getSourceFile(file));
      return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
    });
  }

  test('every example of the client and the services compiles, and one with a wrong member does not', () => {
    const examples = Object.keys(PRELUDES).flatMap((path) =>
      examplesOf(path).map((text) => [path, text] as const),
    );
    expect(examples.length).toBeGreaterThan(20);
    const wrong = ['src/client/index.ts', 'await client.submitWindow();'] as const;
    expect(complaints([...examples, wrong])).toEqual([
      "Property 'submitWindow' does not exist on type 'AuditSnapshotClient'.",
    ]);
  });
});
