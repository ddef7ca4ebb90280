import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from 'mongoose';
import { createLockedBucket } from '../../dev/stack/lockedBucket';
import { connectDatabase } from '../../src/mongo/connection';
import { AuditService } from '../../src/services/audit.service';
import { Services } from '../harness/services';
import { SealedLog } from '../harness/sealedLog';

const CLI = resolve(__dirname, '../../dist/src/cli/main.js');

interface Shown {
  readonly state: string;
  readonly note: string;
  readonly sealedUntil: string | null;
  readonly lagSeconds: number;
  readonly nextRuns: string[];
  readonly runs: { status: string; nominalTime: string; sealed: { windowCount: number } | null }[];
}

const entryAt = (ms: number) => ({
  resourceType: 'invoice',
  resourceId: 'invoice-1',
  action: 'invoice.updated',
  actorId: 'amélie',
  timestamp: new Date(ms),
});

describe('schedules by the command line', () => {
  const services = new Services();
  let connection: Connection;
  let log: AuditService;

  beforeAll(async () => {
    connection = await connectDatabase(services.env['MONGODB_URI']!);
    log = new AuditService(connection);
    await createLockedBucket(process.env, services.env['S3_BUCKET']!);
    await services.startWorker();
  }, 120_000);

  afterAll(async () => {
    await services.stop();
    await connection.close();
  });

  function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
    const env = { ...process.env, ...services.env };
    return new Promise((settle) => {
      const child = execFile('node', [CLI, 'schedule', ...args], { env }, (_error, stdout, stderr) =>
        settle({ code: child.exitCode ?? -1, stdout, stderr }),
      );
    });
  }

  async function json<T>(...args: string[]): Promise<T> {
    const { stdout, stderr, code } = await run(...args, '--json');
    if (code !== 0) throw new Error(`schedule ${args.join(' ')}: ${code} ${stdout} ${stderr}`);
    return JSON.parse(stdout) as T;
  }

  const settings = [
    '--cron',
    '0 0 * * *',
    '--timezone',
    'Europe/Berlin',
    '--start',
    '2026-10-24T00:00:00+02:00',
  ];

  test('schedule create --dry-run shows the next windows and the number of waiting records, and creates nothing', async () => {
    await log.logAuditEntries([1, 2, 3].map((hour) => entryAt(Date.parse('2026-10-24T00:00:00Z') + hour)));
    const found = await json<{ windows: object[]; recordsWaiting: number; windowsDue: number }>(
      'create',
      'nightly',
      ...settings,
      '--dry-run',
    );
    expect(found).toMatchObject({ recordsWaiting: 3, sealedUntil: '2026-10-23T22:00:00.000Z' });
    expect(found.windowsDue).toBeGreaterThan(10);
    expect(found.windows.slice(0, 2)).toEqual([
      {
        from: '2026-10-23T22:00:00.000Z',
        to: '2026-10-24T21:59:59.999Z',
        sealedFrom: '2026-10-24T22:05:00.000Z',
      },
      {
        from: '2026-10-24T22:00:00.000Z',
        to: '2026-10-25T22:59:59.999Z',
        sealedFrom: '2026-10-25T23:05:00.000Z',
      },
    ]);
    await expect(run('show', 'nightly')).resolves.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error [SCHEDULE_NOT_FOUND]: there is no schedule nightly'),
    });
  }, 30_000);

  test('creating a schedule again is accepted, and with other settings it is a conflict that names them', async () => {
    const create = [
      'create',
      'nightly',
      ...settings,
      '--paused',
      '--jitter',
      '2m',
      '--note',
      'for the auditors',
    ];
    await expect(json(...create)).resolves.toMatchObject({ created: true, settings: { jitter: '2m' } });
    await expect(json(...create)).resolves.toMatchObject({ created: false });
    const other = await run(...create, '--settle', '10m', '--json');
    expect(other.code).toBe(1);
    expect(JSON.parse(other.stdout)).toEqual({
      error: { code: 'SCHEDULE_CONFLICT', message: expect.stringContaining('settleSeconds: 300 → 600') },
    });
    const shown = await json<Shown>('show', 'nightly');
    expect(shown).toMatchObject({
      state: 'paused',
      note: 'for the auditors',
      sealedUntil: null,
      nextRuns: [],
    });
  }, 30_000);

  test('schedule update changes only the settings it names, and never moves the start to a later instant', async () => {
    await expect(json('update', 'nightly', '--every', '1d', '--overlap', 'skip')).resolves.toMatchObject({
      settings: { every: '1d', overlap: 'skip', jitter: '2m', start: '2026-10-23T22:00:00.000Z' },
    });
    await expect(run('update', 'nightly', '--start', '2026-11-01T00:00:00Z')).resolves.toMatchObject({
      code: 1,
      stderr: expect.stringContaining('SCHEDULE_CONFLICT'),
    });
    await expect(run('update', 'nightly', '--every', '1h', '--timezone', 'UTC')).resolves.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('timezone (--timezone) is only for cron'),
    });
    const backfill = [
      'backfill',
      'nightly',
      '--from',
      '2026-10-01T00:00:00Z',
      '--to',
      '2026-10-30T00:00:00Z',
    ];
    await expect(run(...backfill)).resolves.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('schedule update nightly --start 2026-10-01T00:00:00.000Z'),
    });
  }, 30_000);

  test.each([
    [['create', 'Nightly', '--every', '1h'], 'lowercase'],
    [['create', 'a', '--every', '1 hour'], 'not a duration'],
    [['create', 'a'], 'either an interval'],
    [['create', 'a', '--cron', '0 0 * *'], 'five fields'],
    [['create', 'a', '--every', '1h', '--start', '2026-01-01'], 'not an instant'],
    [['create', 'a', '--every', '1h', '--overlap', 'cancel-other'], 'Allowed choices'],
  ])('the schedule command %j is a usage error', async (args, words) => {
    await expect(run(...args)).resolves.toMatchObject({ code: 2, stderr: expect.stringContaining(words) });
  });

  /** Creates the schedule, kills its worker for three intervals, and pauses it when everything until then is sealed. */
  async function sealLive(live: string[]): Promise<Shown> {
    await json('create', 'live', ...live);
    const until = async (holds: (shown: Shown) => boolean): Promise<Shown> => {
      for (;;) {
        const shown = await json<Shown>('show', 'live');
        if (holds(shown)) return shown;
        await pause(300);
      }
    };
    await until(({ sealedUntil }) => sealedUntil !== null);
    await services.killWorker();
    await pause(9_500);
    const backMs = Date.now();
    await services.startWorker();
    await until(({ sealedUntil }) => sealedUntil !== null && Date.parse(sealedUntil) > backMs);
    await json('trigger', 'live');
    await json('pause', 'live', '--reason', 'enough');
    return await until(({ state, runs }) => {
      return state === 'paused' && runs.every(({ status }) => status === 'succeeded');
    });
  }

  test('a live schedule catches up after an outage of three intervals, and continues at its end when it is created again', async () => {
    const writing = new AbortController();
    const written: number[] = [];
    const writer = (async () => {
      while (!writing.signal.aborted) {
        written.push(Date.now());
        await log.logAuditEntry(entryAt(written.at(-1)!));
        await pause(200);
      }
    })();
    const live = ['--every', '3s', '--settle', '0s', '--lookback', '0s'];
    const { sealedUntil } = await sealLive(live).finally(() => writing.abort());
    await writer;
    await json('delete', 'live');

    const sealed = await SealedLog.read(services.env, (snapshotId) => snapshotId.startsWith('snap-live-'));
    const windows = sealed.windows();
    const [[begin] = ['']] = windows;
    expect(windows.map(([from]) => from)).toEqual(
      windows.map((_window, index) => new Date(Date.parse(begin) + index * 3_000).toISOString()),
    );
    expect(sealed.gaps(begin, sealedUntil!)).toEqual([]);
    expect(sealed.twice()).toEqual([]);
    const open = { immutable: false, timestamp: { $gte: new Date(begin), $lt: new Date(sealedUntil!) } };
    expect(await connection.collection('auditlogs').countDocuments(open)).toBe(0);

    const again = await json<{ settings: { start: string } }>('create', 'live', ...live, '--paused');
    expect(again.settings.start).toBe(sealedUntil);
    const { schedules } = await json<{ schedules: { scheduleId: string; state: string }[] }>('list');
    expect(schedules).toContainEqual(expect.objectContaining({ scheduleId: 'nightly', state: 'paused' }));
    await json('delete', 'live');
    await expect(run('delete', 'live')).resolves.toMatchObject({ code: 1 });
  }, 300_000);
});
