import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(__dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

function snippetsOf(path: string): string[] {
  return [...read(path).matchAll(/^```ts\n(.*?)^```$/gms)].map(([, snippet]) => snippet!);
}

describe('the TypeScript in the documentation', () => {
  // Inside the checkout, so that packages are found; ignored by git.
  const directory = mkdtempSync(join(ROOT, 'node_modules/.snippets-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  /** The errors of the compiler for modules with these texts, against the client in src/. */
  function errorsOf(texts: readonly string[]): string[] {
    const files = texts.map((_text, index) => join(directory, `${index}.mts`));
    for (const [index, text] of texts.entries()) writeFileSync(files[index]!, text);
    const program = ts.createProgram(files, {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.Node20,
      moduleResolution: ts.ModuleResolutionKind.Node16,
      paths: {
        'audit-snapshot/client': [join(ROOT, 'src/client/index.ts')],
        'audit-snapshot/log': [join(ROOT, 'src/services/auditLog.ts')],
      },
      types: ['node'],
      typeRoots: [join(ROOT, 'node_modules/@types')],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: true,
      noEmit: true,
    });
    return files.flatMap((file) => {
      const source = program.getSourceFile(file)!;
      const found = [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
      return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
    });
  }

  test('the snippets of docs/client.md compile, and one with an unknown member does not', () => {
    const snippets = snippetsOf('docs/client.md');
    expect(snippets.length).toBeGreaterThan(4);
    const wrong = snippets.at(-1)!.replaceAll('run.jobId', 'run.jobName');
    expect(errorsOf(snippets)).toEqual([]);
    expect(errorsOf([wrong]).join()).toContain("'jobName' does not exist");
  });

  test('the snippets of docs/writer.md compile, and one with an unknown member does not', () => {
    const snippets = snippetsOf('docs/writer.md');
    expect(snippets.length).toBeGreaterThan(2);
    const wrong = snippets[1]!.replaceAll('log.writeAll', 'log.writeMany');
    expect(errorsOf(snippets)).toEqual([]);
    expect(errorsOf([wrong]).join()).toContain("'writeMany' does not exist");
  });

  test.each([
    ['README.md', 'service-client/seal.ts'],
    ['docs/client.md', 'service-client/seal.ts'],
    ['docs/writer.md', 'log-writer/write.ts'],
  ])('the example in %s is identical to the file %s of the example project', (page, file) => {
    expect(snippetsOf(page)).toContain(read(`docs/examples/${file}`));
  });
});
