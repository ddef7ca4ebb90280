import Ajv2020 from 'ajv/dist/2020';
import addFormats from 'ajv-formats';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { connectDatabase } from '../../src/mongo/connection';
import { snapshotIdOf } from '../../src/contract/names';
import { runCommand, type Ran } from '../harness/commandLine';
import { Services } from '../harness/services';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const WINDOW = ['--from', DAY.from, '--to', DAY.to];
const SCHEMA = resolve(__dirname, '../../docs/schema/cli-output.schema.json');
const HOUR = '2026-03-01T12:00:00Z';
const HOURLY = ['schedule', 'create', 'hourly', '--every', '1h', '--start', HOUR, '--paused'];
const SNAPSHOT = snapshotIdOf('day-one');

describe('the command line on real servers', () => {
  const services = new Services();
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-cli-'));
  const trust = join(directory, 'trust.json');
  const env = { ...process.env, ...services.env };
  const run = (...args: string[]) => runCommand(env, ...args);
  let recordId: string;

  beforeAll(async () => {
    await services.start();
    await services.log(60, DAY);
    const connection = await connectDatabase(services.env['MONGODB_URI']!);
    const first = await connection.collection('auditlogs').findOne({});
    recordId = String(first?._id);
    await connection.close();
  }, 120_000);
  afterAll(() => services.stop());

  const ajv = new Ajv2020({ strict: true, allErrors: true });
  addFormats(ajv);
  ajv.addSchema(JSON.parse(readFileSync(SCHEMA, 'utf8')) as object, 'cli');

  /** Standard output is one JSON value of the published shape, and nothing else. */
  function expectShape(name: string, { stdout }: Ran): void {
    const validate = ajv.getSchema(`cli#/$defs/${name}`);
    if (!validate) throw new Error(`docs/schema has no shape ${name}`);
    const valid = validate(JSON.parse(stdout));
    expect([name, validate.errors ?? []]).toEqual([name, []]);
    expect(valid).toBe(true);
  }

  /** Commands in the order in which an operator runs them; each depends on those before it. */
  test.each<[shape: string, code: number, args: () => string[]]>([
    ['indexesCreated', 0, () => ['indexes', 'create']],
    ['indexesChecked', 0, () => ['indexes', 'check']],
    ['status', 0, () => ['status']],
    ['dryRun', 0, () => ['seal', ...WINDOW, '--dry-run']],
    ['detached', 0, () => ['seal', ...WINDOW, '--job-id', 'day-one', '--detach']],
    ['sealed', 0, () => ['watch', 'day-one']],
    ['sealed', 0, () => ['seal', ...WINDOW, '--job-id', 'day-one']],
    ['list', 0, () => ['list', '--status', 'succeeded', '--since', '1h', '--day', DAY.from.slice(0, 10)]],
    ['show', 0, () => ['show', SNAPSHOT]],
    ['status', 6, () => ['status', '--max-lag', '1s']],
    ['findings', 0, () => ['findings', 'list']],
    ['leftOutRecords', 0, () => ['left-out', 'list']],
    ['error', 2, () => ['left-out', 'acknowledge', recordId, '--reason', 'x']],
    ['error', 2, () => ['findings', 'acknowledge', SNAPSHOT, '--reason', 'x']],
    ['error', 2, () => ['findings', 'acknowledge', SNAPSHOT, recordId, '--reason', 'x']],
    ['error', 1, () => ['findings', 'acknowledge', 'snap-unknown', '--all', '--reason', 'x']],
    ['trust', 0, () => ['keys', 'export']],
    ['written', 0, () => ['keys', 'export', '--out', trust]],
    ['verify', 0, () => ['verify', '--live', '--key', trust, ...WINDOW]],
    ['verify', 4, () => ['verify', SNAPSHOT]],
    ['verify', 4, () => ['verify', '--key', trust, '--from', '2026-02-28T00:00:00Z', '--to', DAY.to]],
    ['proved', 0, () => ['prove', recordId, '--key', trust, '--out', join(directory, 'proof.json')]],
    ['verifyProof', 0, () => ['verify', join(directory, 'proof.json'), '--key', trust]],
    ['exported', 0, () => ['export', '--all', '--key', trust, '--out', join(directory, 'evidence')]],
    ['coverage', 0, () => ['coverage', '--key', trust]],
    ['report', 0, () => ['report', '--key', trust, '--out', join(directory, 'report.html')]],
    ['consistency', 0, () => ['consistency', '1', '1', '--key', trust]],
    ['retention', 0, () => ['retention', 'extend', SNAPSHOT, '--until', '2040-01-31T00:00:00Z']],
    ['hold', 0, () => ['hold', 'add', SNAPSHOT]],
    ['hold', 0, () => ['hold', 'remove', SNAPSHOT]],
    ['ledgerRepaired', 0, () => ['ledger', 'repair']],
    ['ledgerRecovered', 0, () => ['ledger', 'recover', '--key', trust]],
    ['restored', 0, () => ['restore', '--from-evidence', '--key', trust, '--dry-run']],
    ['restored', 0, () => ['restore', '--from-evidence', '--key', trust, '--all', '--records']],
    ['retriedLost', 0, () => ['retry', '--lost']],
    ['error', 1, () => ['retry', 'day-one']],
    ['error', 1, () => ['cancel', 'day-one']],
    ['doctor', 0, () => ['doctor', '--fix']],
    ['configShow', 0, () => ['config', 'show']],
    ['configCheck', 0, () => ['config', 'check']],
    ['schedulePreview', 0, () => [...HOURLY, '--dry-run']],
    ['scheduleCreated', 0, () => HOURLY],
    ['scheduleCreated', 0, () => HOURLY],
    ['error', 1, () => [...HOURLY, '--offset', '5m']],
    ['scheduleList', 0, () => ['schedule', 'list']],
    ['scheduleUpdated', 0, () => ['schedule', 'update', 'hourly', '--settle', '1m']],
    ['scheduleDone', 0, () => ['schedule', 'trigger', 'hourly']],
    ['scheduleDone', 0, () => ['schedule', 'resume', 'hourly']],
    ['scheduleDone', 0, () => ['schedule', 'pause', 'hourly', '--reason', 'a test']],
    [
      'scheduleBackfill',
      0,
      () => ['schedule', 'backfill', 'hourly', '--from', HOUR, '--to', HOUR, '--dry-run'],
    ],
    ['scheduleBackfill', 0, () => ['schedule', 'backfill', 'hourly', '--from', HOUR, '--to', HOUR]],
    ['scheduleShown', 0, () => ['schedule', 'show', 'hourly']],
    ['scheduleDone', 0, () => ['schedule', 'delete', 'hourly']],
    ['error', 1, () => ['schedule', 'show', 'hourly']],
    ['error', 1, () => ['show', 'unknown']],
    ['error', 2, () => ['seal', '--from', '2026-03-01', '--to', DAY.to]],
    ['error', 2, () => ['seal', '--day', '2026-02-30']],
    ['error', 2, () => ['list', '--statsu', 'failed']],
    ['error', 2, () => ['keys', 'export', '--out', trust]],
    ['written', 0, () => ['keys', 'export', '--out', trust, '--merge', trust]],
    ['error', 2, () => ['retention', 'extend', SNAPSHOT, '--until', '2126-01-31T00:00:00Z']],
    ['error', 2, () => ['report', '--key', trust, '--out', join(directory, 'nowhere', 'report.html')]],
    ['error', 2, () => ['verify', '/nowhere']],
    ['verifyProof', 3, () => ['verify', trust, '--key', trust]],
    ['stack', 1, () => ['stack', 'status', '--name', 'never-was']],
    ['error', 2, () => ['stack', 'env', '--name', 'never-was']],
  ])(
    'a command prints JSON of the published shape "%s" and exits with %i',
    async (shape, code, args) => {
      const ran = await run(...args(), '--json');
      expect({ code: ran.code, output: ran.code === code ? '' : ran.stdout + ran.stderr }).toEqual({
        code,
        output: '',
      });
      expectShape(shape, ran);
    },
    60_000,
  );

  test('a configuration file replaces variables of the environment, and an unknown token exits with 5', async () => {
    const path = join(directory, 'audit-snapshot.toml');
    writeFileSync(path, 'vault_token = "unknown-token"\n', { mode: 0o600 });
    const without = { ...env, VAULT_ROLE_ID: '', VAULT_SECRET_ID: '' };
    const ran = await runCommand(without, 'keys', 'export', '--config', path, '--json');
    expect(ran.code).toBe(5);
    expectShape('error', ran);
    expect(ran.stdout).toContain('SIGNER_UNAUTHORIZED');
    expect(ran.stdout + ran.stderr).not.toContain('unknown-token');
  });

  test('every listing command prints text for people, without JSON or undefined values', async () => {
    for (const args of [['list'], ['show', SNAPSHOT], ['status'], ['doctor'], ['coverage', '--key', trust]]) {
      const { code, stdout } = await run(...args);
      expect([args, code]).toEqual([args, 0]);
      expect(stdout).not.toMatch(/^[{]|undefined|\[object O/m);
    }
    expect((await run('list')).stdout).toContain('60');
    expect(existsSync(join(directory, 'report.html'))).toBe(true);
  }, 60_000);

  test.each([
    [['sael'], 'Did you mean seal?'],
    [['list', '--statsu', 'failed'], 'Did you mean --status?'],
    [['seal', ...WINDOW, '--on-tamper', 'ignore'], 'Allowed choices are seal, fail'],
    [['list', '--since', 'yesterday'], 'It is not a duration such as 90s'],
    [['seal'], 'give --from and --to, or --day'],
  ])('the wrong usage %j exits with 2 and a hint', async (args, hint) => {
    const { code, stdout, stderr } = await run(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(hint);
  });

  test('an exported directory has the program that checks it, and says how', async () => {
    const evidence = join(directory, 'evidence');
    expect(readFileSync(join(evidence, 'README.md'), 'utf8')).toContain('python3 check.py . ');
    const checked = execFileSync('python3', ['check.py', '.', trust], { cwd: evidence }).toString();
    expect(checked.trim().split('\n').at(-1)).toMatch(/^VERIFIED: /);
  });

  test('with --quiet a command prints its result and no remarks', async () => {
    const { code, stdout, stderr } = await run(
      '--quiet',
      'export',
      SNAPSHOT,
      '--key',
      trust,
      '--out',
      directory,
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('wrote 1 snapshots');
  });

  test('no command that shows the configuration prints a secret', async () => {
    for (const args of [
      ['config', 'show', '--sources'],
      ['config', 'show', '--json'],
      ['config', 'check'],
    ]) {
      const { stdout, stderr } = await run(...args);
      for (const name of ['S3_SECRET_KEY', 'VAULT_SECRET_ID', 'MONGODB_URI'])
        expect(stdout + stderr).not.toContain(env[name]!);
    }
  });

  test('the completion script lets bash complete commands, options and their values', async () => {
    const { stdout: script } = await run('completion', 'bash');
    const complete = async (...words: string[]) => {
      const probe = `${script}\nCOMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _audit_snapshot; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync('bash', ['-c', probe], { env: { PATH: process.env['PATH'] } })
        .toString()
        .trim()
        .split('\n');
    };
    expect(await complete('audit-snapshot', 'se')).toEqual(['seal', 'serve']);
    expect(await complete('audit-snapshot', 'schedule', 'cr')).toEqual(['create']);
    expect(await complete('audit-snapshot', 'seal', '--on-tamper', '')).toEqual(['seal', 'fail']);
    expect(await complete('audit-snapshot', 'seal', '--job-id', 'x', '--de')).toEqual(['--detach']);
    expect(await complete('audit-snapshot', 'completion', '')).toEqual(
      expect.arrayContaining(['bash', 'zsh', 'fish']),
    );
    // The words of the command line are not executed.
    expect(await complete('audit-snapshot', 'seal', '$(touch pwned)', '--f')).toEqual(['--from']);
    expect(existsSync('pwned')).toBe(false);
  });
});
