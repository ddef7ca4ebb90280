import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { createDatabaseIndexes } from '../../../dev/stack/databaseIndexes';
import { createLockedBucket } from '../../../dev/stack/lockedBucket';
import { auditTrail } from '../../../dev/demo/auditTrail';
import { connectDatabase } from '../../../src/mongo/connection';
import { AuditService } from '../../../src/services/audit.service';
import { Services, type JobView } from '../../harness/services';
import { CAN_CONTAIN, endOf, lineWith, startContained } from './container';
import { buildWithoutDocker, environmentOf, lastStage, parseDockerfile } from './dockerfile';

const ROOT = resolve(__dirname, '../../..');
const DOCKERFILE = join(ROOT, 'deploy/Dockerfile');
/** Unpacked size of debian:bookworm-slim, in decimal megabytes. */
const BASE_MB = 75;
const LIMIT_MB = 300;
const WINDOW = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };

describe('what the steps of the Dockerfile make in an empty directory', () => {
  const room = mkdtempSync(join(tmpdir(), 'audit-snapshot-image-'));
  const stage = lastStage(parseDockerfile(readFileSync(DOCKERFILE, 'utf8')));
  const textOf = (name: string) => stage.find((instruction) => instruction.name === name)!.rest;
  const entrypoint = JSON.parse(textOf('ENTRYPOINT')) as string[];
  const services = new Services();
  const running: ChildProcess[] = [];
  let app: string;

  beforeAll(async () => {
    // Another user than the one who makes it runs what is in it.
    chmodSync(room, 0o755);
    app = await buildWithoutDocker({ dockerfile: DOCKERFILE, context: ROOT, room }, 8);
  }, 900_000);

  afterAll(async () => {
    for (const child of running.filter(({ exitCode }) => exitCode === null)) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    rmSync(room, { recursive: true, force: true });
  }, 60_000);

  /** Starts a program as the image would, with these variables on top of the image's own. */
  function start(command: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
    const servers = Object.entries(process.env).filter(([name]) =>
      /^(MONGODB|TEMPORAL|VAULT|S3)_/.test(name),
    );
    // A user whom /etc/passwd does not know has the root as home.
    const outside = { PATH: process.env['PATH'], HOME: '/', ...Object.fromEntries(servers) };
    const child = startContained(command, {
      app,
      user: textOf('USER'),
      env: { ...outside, ...environmentOf(stage), ...env },
    });
    running.push(child);
    return child;
  }

  test('needs less than 300 MB, Debian and Node included', () => {
    const bytes = sizeOf(app) + statSync(process.execPath).size;
    expect(BASE_MB + bytes / 1e6).toBeLessThan(LIMIT_MB);
    expect(bytes / 1e6).toBeGreaterThan(100);
  });

  test('holds what runs, and neither development packages nor sources', () => {
    expect(readdirSync(app).toSorted()).toEqual([
      'LICENSE',
      'deploy',
      'dist',
      'node_modules',
      'package.json',
    ]);
    for (const name of ['jest', 'typescript', '@temporalio/testing', '@swc/jest'])
      expect(existsSync(join(app, 'node_modules', name))).toBe(false);
    expect(existsSync(join(app, 'node_modules/@temporalio/worker'))).toBe(true);
  });

  test('compiles to the same bytes as this checkout, and to a bundle that does not tell where it was made', () => {
    const compiled = readdirSync(join(app, 'dist'), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(app, join(entry.parentPath, entry.name)));
    expect(compiled.length).toBeGreaterThan(100);
    // The bundle names packages by paths relative to the checkout, and these differ where node_modules is a link.
    const differing = compiled
      .filter((path) => !/^dist\/workflow-bundle(-traced)?\.js$/.test(path))
      .filter((path) => !readFileSync(join(app, path)).equals(readFileSync(join(ROOT, path))));
    expect(differing).toEqual([]);
    expect(readFileSync(join(app, 'dist/workflow-bundle.js'), 'utf8')).not.toContain(room);
  });

  test('can write nowhere, if this system allows namespaces', async () => {
    const { code, output } = await endOf(start(['touch', 'dist/written']));
    expect({ code, isReadOnly: output.includes('Read-only file system') }).toEqual({
      code: CAN_CONTAIN ? 1 : 0,
      isReadOnly: CAN_CONTAIN,
    });
  });

  test('seals a window with worker and job service, which write nothing to disk', async () => {
    await createLockedBucket(process.env, services.env['S3_BUCKET']!);
    await createDatabaseIndexes(services.env);
    const database = await connectDatabase(services.env['MONGODB_URI']!);
    await new AuditService(database).logAuditEntries(
      auditTrail(100, Date.parse(WINDOW.from), Date.parse(WINDOW.to)),
    );
    await database.close();

    const ports = { HOST: '127.0.0.1', PORT: '0', JOB_SERVICE_METRICS_PORT: '0' };
    const service = start([...entrypoint, 'serve'], { ...services.env, ...ports });
    const { url } = JSON.parse(await lineWith(service, '"listening"')) as { url: string };
    const worker = start([...entrypoint, 'worker'], { ...services.env, WORKER_HTTP_PORT: '0' });
    await lineWith(worker, '"worker processes started"');

    const headers = { authorization: `Bearer ${services.token}`, 'content-type': 'application/json' };
    const body = JSON.stringify({ type: 'audit.snapshot', payload: WINDOW });
    const submitted = await fetch(`${url}/jobs`, { method: 'POST', headers, body });
    const { jobId } = (await submitted.json()) as JobView;
    const job = (await (await fetch(`${url}/jobs/${jobId}?wait=60s`, { headers })).json()) as JobView;
    expect(job).toMatchObject({ status: 'succeeded', result: { recordCount: 100 } });

    const check = JSON.parse(/CMD (\[.*\])$/.exec(textOf('HEALTHCHECK'))![1]!) as string[];
    const { port } = new URL(url);
    expect(await endOf(start(check, { PORT: port, WORKER_HTTP_PORT: '1' }))).toEqual({ code: 0, output: '' });
    expect(await endOf(start(check, { PORT: '1', WORKER_HTTP_PORT: '1' }))).toMatchObject({ code: 1 });
  }, 180_000);
});

function sizeOf(directory: string): number {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);
}
