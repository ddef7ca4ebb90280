import type { mongo, Connection } from 'mongoose';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLockedBucket } from '../../dev/stack/lockedBucket';
import { noneLeftOut } from '../../src/evidence/leftOut';
import { connectDatabase } from '../../src/mongo/connection';
import { runCommand } from '../harness/commandLine';
import { readTrust } from '../harness/deployment';
import { eventually } from '../harness/eventually';
import { Runbook } from '../harness/runbook';
import { Services } from '../harness/services';

const HOUR_MS = 3_600_000;

/** What the commands of this file print, by their members. */
interface Shown {
  readonly reasons: readonly string[];
  readonly leftOut: object;
  readonly acknowledgedLeftOut: object;
  readonly checks: readonly { readonly check: string; readonly state: string; readonly found: string }[];
  readonly records: readonly { readonly recordId: string; readonly kind: string }[];
  readonly notes: readonly string[];
}

describe('a log of 300 records of three kinds that no window can contain, under a schedule', () => {
  const services = new Services();
  const env = { ...process.env, ...services.env };
  const trust = join(services.logs, 'trust.json');
  // The schedule seals the two hours before the current one.
  const startMs = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS;
  const first = { from: new Date(startMs).toISOString(), to: new Date(startMs + HOUR_MS - 1).toISOString() };
  const counts = { ...noneLeftOut(), 'time-text': 100, 'immutable-missing': 100, 'time-range': 100 };
  const kinds = '300 records (100 immutable-missing, 100 time-text, 100 time-range)';
  /** One sentence for each kind, with the number of its records and what to do about them. */
  const advice = [
    /^100 records are left out \(immutable-missing\): .*; set immutable to false, and have the application write it\. Find them: db\./,
    /^100 records are left out \(time-text\): .*; set timestamp to a date, and the hash again; .* Find them: db\./,
    /^100 records are left out \(time-range\): .*; set timestamp to a date, and the hash again; .* Find them: db\./,
  ].map((pattern) => expect.stringMatching(pattern) as string);
  let connection: Connection;

  const run = (...args: string[]) => runCommand(env, ...args);
  async function json(...args: string[]): Promise<{ code: number; value: Shown }> {
    const { code, stdout } = await run(...args, '--json');
    return { code, value: JSON.parse(stdout) as Shown };
  }
  async function succeed(...args: string[]): Promise<void> {
    const { code, stderr } = await run(...args);
    if (code !== 0) throw new Error(`${args.join(' ')}: ${code} ${stderr}`);
  }
  const jobs = () => connection.collection('jobs').find({}).sort({ _id: 1 }).toArray();

  beforeAll(async () => {
    connection = await connectDatabase(services.env['MONGODB_URI']!);
    const dates = Array.from({ length: 100 }, (_, index) => new Date(startMs + index));
    await connection
      .collection('auditlogs')
      .insertMany([
        ...dates.map((date) => ({ timestamp: date.toISOString(), immutable: false })),
        ...dates.map((timestamp) => ({ timestamp })),
        ...dates.map((_, index) => ({ timestamp: new Date(253_402_300_800_000 + index), immutable: false })),
      ] as mongo.Document[]);
    await createLockedBucket(process.env, services.env['S3_BUCKET']!);
    await services.startWorker();
    const start = ['--every', '1h', '--settle', '0s', '--start', first.from];
    await succeed('schedule', 'create', 'hourly', ...start);
    await succeed('schedule', 'trigger', 'hourly');
    await eventually(
      'two windows of the schedule are sealed',
      async () => (await jobs()).filter(({ status }) => status === 'succeeded').length >= 2,
      120_000,
    );
    writeFileSync(trust, JSON.stringify(await readTrust(env)));
  }, 240_000);

  afterAll(async () => {
    await run('schedule', 'delete', 'hourly');
    await services.stop();
    await connection.close();
  });

  test('nothing is sealed, no job fails, and each result counts the records by kind', async () => {
    const [one, two] = await jobs();
    expect(one).toMatchObject({ status: 'succeeded', result: { recordCount: 0, leftOut: counts } });
    // Records with a date belong to their window; those without one are left out by every window.
    const elsewhere = { ...counts, 'immutable-missing': 0 };
    expect(two).toMatchObject({ status: 'succeeded', result: { recordCount: 0, leftOut: elsewhere } });
    const sealed = { immutable: true, action: { $ne: 'snapshot.created' } };
    expect(await connection.collection('auditlogs').countDocuments(sealed)).toBe(0);
    const shown = await run('show', String(one!._id));
    expect(shown.stdout).toMatch(new RegExp(`^left out +${kinds.replace(/[()]/g, '\\$&')}$`, 'm'));
    const watched = await run('watch', String(one!._id));
    expect(watched).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`left out ${kinds}; what to do: audit-snapshot status`) as string,
    });
  }, 60_000);

  test('status needs attention for each kind and for nothing else, and says what to do', async () => {
    const { code, value } = await json('status');
    expect({ code, value }).toMatchObject({
      code: 6,
      value: { state: 'attention', reasons: advice, leftOut: counts },
    });
  }, 60_000);

  test('doctor warns of each kind and says what to do', async () => {
    const { value } = await json('doctor');
    const warnings = value.checks.filter(({ check }) => check === 'records that sealing leaves out');
    expect(warnings).toMatchObject(advice.map((found) => ({ state: 'warn', found })));
  }, 60_000);

  test('a dry run of their hour counts no record to seal, and each kind with what to do', async () => {
    const window = ['seal', '--from', first.from, '--to', first.to, '--dry-run'];
    const { value } = await json(...window);
    expect(value).toMatchObject({ unsealed: 0, leftOut: counts });
    const { code, stdout } = await run(...window);
    const [headline, , ...reasons] = stdout.trimEnd().split('\n');
    expect({ code, headline }).toMatchObject({
      code: 0,
      headline: expect.stringMatching(/^would seal 0 records/) as string,
    });
    expect(reasons.map((reason) => reason.replace('  ! ', ''))).toEqual(advice);
  }, 60_000);

  test('verify --live and the report are VERIFIED, and their notes count each kind and name the command that says what to do', async () => {
    const note = `sealing leaves out ${kinds} of the live log; audit-snapshot status says what to do`;
    const verified = await json('verify', '--live', '--key', trust);
    expect(verified).toMatchObject({ code: 0, value: { verdict: 'VERIFIED' } });
    expect(verified.value.notes).toContain(note);
    const [one] = await jobs();
    const { snapshotId } = one!['result'] as { snapshotId: string };
    expect(verified.value.notes).toContain(`${snapshotId}: when it was sealed, it left out ${kinds}`);
    const page = join(services.logs, 'report.html');
    expect(await run('report', '--live', '--key', trust, '--out', page)).toMatchObject({ code: 0 });
    expect(readFileSync(page, 'utf8')).toContain(note);
  }, 60_000);

  test('a record that is acknowledged by the commands of the runbook needs no attention once the record of that is sealed', async () => {
    const runbook = new Runbook('A record that sealing leaves out has to stay as it is');
    const fromMs = Date.now();
    const listed = await runbook.run(env, /list/);
    expect(listed.stdout).toMatch(/^300 records, 0 of them acknowledged/);
    const { records } = (await json('left-out', 'list', '--open')).value;
    expect(records).toHaveLength(300);
    const { recordId } = records.find(({ kind }) => kind === 'time-text')!;
    expect(await runbook.run(env, /acknowledge/, { recordId })).toMatchObject({ code: 0 });
    expect((await json('status')).value.reasons).toEqual(advice);

    const window = ['--from', new Date(fromMs).toISOString(), '--to', new Date().toISOString()];
    expect(await run('seal', ...window)).toMatchObject({ code: 0 });
    const again = await json('left-out', 'acknowledge', recordId, '--reason', 'again');
    expect(again.value).toMatchObject({ kind: 'time-text', state: 'acknowledged', created: false });
    const after = await json('status');
    const isOfText = expect.stringMatching(/^99 records are left out \(time-text\)/) as string;
    expect(after.value.reasons).toContainEqual(isOfText);
    expect(after.value).toMatchObject({ leftOut: counts, acknowledgedLeftOut: { 'time-text': 1 } });
    expect((await runbook.run(env, /status/)).stdout).toContain(`${kinds}, 1 of them acknowledged`);
    expect(runbook.unused).toEqual([]);
  }, 120_000);
});
