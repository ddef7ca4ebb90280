import { mongo } from 'mongoose';
import { copyFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import ts from 'typescript';
import { startChild, type Child } from '../../dev/demo/childProcess';
import { createDatabaseIndexes } from '../../dev/stack/databaseIndexes';
import { createLockedBucket } from '../../dev/stack/lockedBucket';
import { version } from '../../package.json';
import { findingOf } from '../../src/evidence/recordFinding';
import { readRecord } from '../../src/evidence/recordBytes';
import { connectDatabase } from '../../src/mongo/connection';
import { installPacked, type PackedProject } from '../harness/packedProject';
import { Services } from '../harness/services';

const EXAMPLE = 'docs/examples/service-client';
const TYPES = resolve(__dirname, '../../node_modules/@types');
const DAY = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };

describe('the packed tarball in an empty project', () => {
  const services = new Services();
  let project: PackedProject;
  let worker: Child;

  beforeAll(async () => {
    await services.log(300, DAY);
    await createLockedBucket(process.env, services.env['S3_BUCKET']!);
    await createDatabaseIndexes(services.env);
    project = await installPacked(EXAMPLE);
    // The worker of the tarball starts only if everything it needs at run time was packed.
    const script = join(project.directory, 'node_modules/audit-snapshot/dist/src/worker/process.js');
    worker = await startChild(script, services.env, '"worker started"', join(services.logs, 'packed.log'));
  }, 300_000);

  afterAll(async () => {
    await worker.stop();
    rmSync(project.directory, { recursive: true });
  });

  /** The example as its own tsconfig.json says, with these options on top. */
  function example(options: ts.CompilerOptions = {}): ts.Program {
    const config = ts.getParsedCommandLineOfConfigFile(
      join(project.directory, 'tsconfig.json'),
      { typeRoots: [TYPES], ...options },
      { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined },
    )!;
    expect(config.errors).toEqual([]);
    return ts.createProgram(config.fileNames, config.options);
  }

  test('the example compiles against the tarball, seals a day and prints its result', async () => {
    const program = example();
    expect(errorsOf([...ts.getPreEmitDiagnostics(program), ...program.emit().diagnostics])).toEqual([]);
    const printed = (await project.run('node', ['seal.js'], services.env)).trimEnd().split('\n');
    expect(printed.at(-1)).toBe('sealed 300 records as snap-day-2026-01-31, findings: 0');
    expect(printed.at(-2)).toBe('done: 300 of 300 records');
    // The job id makes it idempotent: run again, it finds its result.
    const again = (await project.run('node', ['seal.js'], services.env)).trimEnd().split('\n');
    expect(again.at(-1)).toBe(printed.at(-1));
  });

  test.each([
    ['node16', { moduleResolution: ts.ModuleResolutionKind.Node16 }],
    ['bundler', { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler }],
  ])(
    'the declarations of the tarball compile in a strict %s project that checks libraries',
    (_, resolution) => {
      const strict = {
        skipLibCheck: false,
        exactOptionalPropertyTypes: true,
        noUncheckedIndexedAccess: true,
      };
      const program = example({ ...strict, ...resolution });
      // Only our files: Temporal's declarations need types of `ms` that they do not depend on.
      const ours = program
        .getSourceFiles()
        .filter(({ fileName }) => /\/audit-snapshot\/dist\/|\/seal\.ts$/.test(fileName));
      expect(ours.length).toBeGreaterThan(10);
      const found = ours.flatMap((file) => [
        ...program.getSyntacticDiagnostics(file),
        ...program.getSemanticDiagnostics(file),
      ]);
      expect(errorsOf(found)).toEqual([]);
    },
  );

  test('the log writer of the tarball compiles in a strict project, stores an entry and refuses what BSON would change', async () => {
    const script = join(project.directory, 'write.ts');
    copyFileSync('docs/examples/log-writer/write.ts', script);
    const program = ts.createProgram([script], { ...example().getCompilerOptions(), skipLibCheck: false });
    const ours = program
      .getSourceFiles()
      .filter(({ fileName }) => /audit-snapshot\/dist|write\.ts$/.test(fileName));
    expect(ours.length).toBeGreaterThan(3);
    expect(errorsOf(ours.flatMap((file) => [...program.getSemanticDiagnostics(file)]))).toEqual([]);
    program.emit();
    const [wrote, refused] = (await project.run('node', ['write.js'], services.env)).trimEnd().split('\n');
    expect(refused).toMatch(/^refused: audit entry: details\.cents is a bigint of more than 64 bits/);

    const [, id, hash] = /^wrote ([0-9a-f]{24}) with the hash ([0-9a-f]{64})$/.exec(wrote!)!;
    await using database = await connectDatabase(services.env['MONGODB_URI']!);
    const logs = database.collection('auditlogs');
    const raw = await logs.findOne<Buffer>({ _id: new mongo.ObjectId(id) }, { raw: true });
    const record = readRecord(raw!);
    expect([record.hashText?.toString(), findingOf(record, 'bson-sha256/v1')]).toEqual([hash, undefined]);
  });

  test.each([
    ['ES modules', 'module', `import { AuditLog, guardImmutability, mongo } from 'audit-snapshot/log';`],
    ['CommonJS', 'commonjs', `const { AuditLog, guardImmutability, mongo } = require('audit-snapshot/log');`],
  ])('%s load the log writer, whose model refuses to delete a sealed record', async (_what, type, load) => {
    const program = `${load}
      (async () => {
        const log = await AuditLog.connect(process.env.MONGODB_URI);
        const sealed = await log.model.findOne({ immutable: true });
        const refused = await log.model.deleteOne({ _id: sealed._id }).catch((error) => error.code);
        await log.writeRecord({ timestamp: new Date(), user: { _bsontype: 'ObjectId' }, n: new mongo.Long(1) });
        await log.close();
        console.log(JSON.stringify({ refused, guard: typeof guardImmutability }));
      })();`;
    const args = [`--input-type=${type}`, '-e', program];
    expect(JSON.parse(await project.run('node', args, services.env))).toEqual({
      refused: 'RECORD_IMMUTABLE',
      guard: 'function',
    });
  });

  test('CommonJS loads the same client, and no module that is not exported', async () => {
    const program = `
      const { AuditSnapshotClient } = require('audit-snapshot/client');
      const refused = ['audit-snapshot/dist/src/config.js', 'audit-snapshot/worker'].map((path) => {
        try { return require(path); } catch (error) { return error.code; }
      });
      const same = require('audit-snapshot').AuditSnapshotClient === AuditSnapshotClient;
      const { version } = require('audit-snapshot/package.json');
      console.log(JSON.stringify({ same, refused, version }));`;
    expect(JSON.parse(await project.run('node', ['--input-type=commonjs', '-e', program]))).toEqual({
      same: true,
      refused: ['ERR_PACKAGE_PATH_NOT_EXPORTED', 'ERR_PACKAGE_PATH_NOT_EXPORTED'],
      version,
    });
  });

  test('the tarball contains the command line, and no test, source map or image', async () => {
    expect(await project.run('npx', ['audit-snapshot', '--version'])).toBe(`${version}\n`);
    expect(project.files).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'docker-compose.temporal.yml',
        'docs/check.py',
        'docs/check_bson.py',
        'dist/workflow-bundle.js',
        'dist/dev/stack/watchdogProcess.cjs',
        'dist/src/client/index.d.ts',
      ]),
    );
    const strays = project.files.filter((file) => /^(test|src|bench)\/|\.(map|png|tsbuildinfo)$/.test(file));
    expect(strays).toEqual([]);
  });
});

function errorsOf(diagnostics: readonly ts.Diagnostic[]): string[] {
  return diagnostics.map(
    ({ file, messageText }) =>
      `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
  );
}
