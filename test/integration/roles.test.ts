import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { exitCodeOf } from '../../src/cli/output';
import { snapshotIdOf } from '../../src/contract/names';
import { manifestSignatureKey } from '../../src/evidence/objectKeys';
import { connectDatabase, type DatabaseConnection } from '../../src/mongo/connection';
import { MongoIdempotencyKeys } from '../../src/mongo/idempotencyKeys';
import { jobAudit } from '../../src/services/jobAudit';
import { createIndexes, requireIndexes } from '../../src/mongo/indexes';
import { MongoJobStore } from '../../src/mongo/jobStore';
import { MongoLedgerSequencer } from '../../src/mongo/ledgerSequencer';
import { MongoSnapshotRepository } from '../../src/mongo/snapshotRepository';
import { MongoWindowLeaseStore } from '../../src/mongo/windowLeaseStore';
import type { SealingDeps } from '../../src/sealing/deps';
import { AssetService } from '../../src/services/asset.service';
import { AuditService } from '../../src/services/audit.service';
import { WriteCheckService } from '../../src/services/writeCheck.service';
import { AuthServer } from '../harness/authServer';
import { runCommand } from '../harness/commandLine';
import { uniqueName } from '../harness/deployment';
import { FakeDeps } from '../harness/fakeDeps';
import { InProcessRun } from '../harness/inProcessEngine';
import { rightsOf, roleOfScript, withoutRight, type Role } from '../harness/roleScript';

const SCRIPTS = ['application', 'sealer', 'jobService', 'reader', 'indexes'] as const;
const INPUT = {
  jobId: 'day-one',
  from: '2026-03-01T00:00:00.000Z',
  to: '2026-03-01T23:59:59.999Z',
  maxAttempts: 1,
};
const SNAPSHOT = snapshotIdOf(INPUT.jobId);
const { origin: ORIGIN } = new FakeDeps().settings;
const ENTRY = {
  resourceType: 'invoice',
  resourceId: '1',
  action: 'invoice.paid',
  actorId: 'user-7',
  timestamp: new Date('2026-03-01T12:00:00.000Z'),
};
const DENIED = { code: 'DATABASE_UNAUTHORIZED', retryable: false };
const PAGE = readFileSync(join(__dirname, '../../docs/mongodb.md'), 'utf8');

/** The command that reads a collection, for the role of readers. */
const READS: Readonly<Record<string, readonly string[]>> = {
  auditlogs: ['status'],
  snapshots: ['show', INPUT.jobId],
  snapshotchunks: ['show', INPUT.jobId],
  windowleases: ['show', INPUT.jobId],
  assets: ['show', INPUT.jobId],
  jobs: ['show', INPUT.jobId],
  ledgerheads: ['status'],
  ledgerleaves: ['status'],
};

/** Storage, key and clock in memory, everything else on a database. */
function depsOn(database: DatabaseConnection): SealingDeps & { readonly store: FakeDeps['store'] } {
  const fakes = new FakeDeps();
  const { origin } = fakes.settings;
  return Object.assign({}, fakes, {
    records: new AuditService(database),
    snapshots: new MongoSnapshotRepository(database),
    leases: new MongoWindowLeaseStore(database, origin),
    assets: new AssetService(database),
    ledger: new MongoLedgerSequencer(database, origin),
    jobs: new MongoJobStore(database),
    writeCheck: new WriteCheckService(database),
  });
}

/** What the job service does with its rows. */
async function serve(database: DatabaseConnection): Promise<void> {
  await requireIndexes(database, 'jobService');
  const jobs = new MongoJobStore(database);
  await jobAudit(new AuditService(database)).record({
    action: 'job.submitted',
    jobId: 'day-one',
    actor: 'key:billing',
    requestId: 'request-1',
  });
  await jobs.create('day-one', 'audit.snapshot', { from: INPUT.from, to: INPUT.to });
  await jobs.list({ limit: 10, nowMs: Date.now() });
  await jobs.report('day-one', { status: 'failed', code: 'INTERNAL', reason: 'x' });
  await new MongoSnapshotRepository(database).find(SNAPSHOT);
  const keys = new MongoIdempotencyKeys(database, 48);
  const claim = { id: 'key', fingerprint: 'f', jobId: 'day-one' };
  await keys.claim(claim, Date.now() - 100 * 3_600_000);
  await keys.claim(claim, Date.now());
  await keys.answer('key', 'day-one', '{}');
}

describe('the roles of deploy/mongodb', () => {
  let server: AuthServer;
  let name: string;
  let admin: DatabaseConnection;

  beforeAll(async () => {
    server = await AuthServer.start();
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    name = uniqueName('roles');
    admin = await connectDatabase(server.uri('root', name, 'admin'));
    await createIndexes(admin);
  });
  afterEach(() => admin.close());

  const connectAs = async (role: Role) => connectDatabase(await server.grant(name, role));

  test.each(SCRIPTS)('%s.js creates its role, and run again it replaces the rights', (script) => {
    const created = roleOfScript(script, 'audit');
    expect(roleOfScript(script, 'audit', true)).toEqual(created);
    expect(rightsOf(created).length).toBeGreaterThan(0);
  });

  test.each(SCRIPTS)('docs/mongodb.md lists the rights of %s.js', (script) => {
    const { name: role, privileges } = roleOfScript(script, 'audit');
    const [, section = ''] = PAGE.split(`\n### \`${role}\`\n`);
    const [own = ''] = section.split('\n### ');
    for (const { resource, actions } of privileges) {
      const collection = resource.collection === '' ? 'the database' : `\`${resource.collection}\``;
      const row = own.split('\n').find((line) => line.startsWith(`| ${collection} `)) ?? '';
      for (const action of actions)
        expect([collection, row]).toEqual([collection, expect.stringContaining(`\`${action}\``)]);
    }
  });

  test('the sealer seals a window, and the application can only add entries', async () => {
    await using app = await connectAs(roleOfScript('application', name));
    const audit = new AuditService(app);
    const { id } = await audit.logAuditEntry(ENTRY);
    await expect(audit.findSnapshotOf(id)).rejects.toMatchObject(DENIED);
    await expect(audit.updateLogImmutability([id], 'snap-x')).rejects.toMatchObject(DENIED);
    await expect(app.collection('auditlogs').deleteMany({})).rejects.toMatchObject({ code: 13 });
    await expect(app.collection('auditlogs').drop()).rejects.toMatchObject({ code: 13 });

    await using sealer = await connectAs(roleOfScript('sealer', name));
    await requireIndexes(sealer, 'worker');
    await expect(new InProcessRun(depsOn(sealer)).run(INPUT)).resolves.toMatchObject({ recordCount: 1 });
    await expect(sealer.collection('auditlogs').deleteMany({})).rejects.toMatchObject({ code: 13 });
    await expect(sealer.collection('auditlogs').createIndex({ x: 1 })).rejects.toMatchObject({ code: 13 });
  });

  const sealerRights = rightsOf(roleOfScript('sealer', 'x'));

  test.each(sealerRights.filter(([, action]) => action !== 'listIndexes'))(
    'a sealer without the right on %s to %s ends with DATABASE_UNAUTHORIZED, nothing is signed, and the window is free',
    async (collection, action) => {
      await new AuditService(admin).logAuditEntry(ENTRY);
      await using sealer = await connectAs(withoutRight(roleOfScript('sealer', name), collection, action));
      const deps = depsOn(sealer);
      await expect(new InProcessRun(deps).run(INPUT)).rejects.toMatchObject({
        type: 'DATABASE_UNAUTHORIZED',
      });
      expect(deps.store.keys()).not.toContain(manifestSignatureKey(SNAPSHOT));
      const leases = await admin.collection<{ leases: unknown[] }>('windowleases').find({}).toArray();
      expect(leases.flatMap((row) => row.leases)).toEqual([]);
      expect(await admin.collection('auditlogs').countDocuments({ immutable: true })).toBe(0);
      expect(await admin.collection('ledgerleaves').countDocuments()).toBe(0);
    },
  );

  test.each(sealerRights.filter(([, action]) => action === 'listIndexes'))(
    'a worker without the right on %s to %s does not start',
    async (collection, action) => {
      await using sealer = await connectAs(withoutRight(roleOfScript('sealer', name), collection, action));
      const refusal: unknown = await requireIndexes(sealer, 'worker').catch((error: unknown) => error);
      expect(refusal).toMatchObject({ ...DENIED, message: expect.stringContaining(collection) as string });
      expect(exitCodeOf(refusal)).toBe(5);
    },
  );

  test('the job service keeps jobs and keys, and sees neither the log nor the ledger', async () => {
    await using service = await connectAs(roleOfScript('jobService', name));
    await serve(service);
    for (const collection of ['auditlogs', 'ledgerleaves', 'assets'])
      await expect(service.collection(collection).findOne({})).rejects.toMatchObject({ code: 13 });
  });

  test.each(rightsOf(roleOfScript('jobService', 'x')))(
    'a job service without the right on %s to %s says so',
    async (collection, action) => {
      await using service = await connectAs(
        withoutRight(roleOfScript('jobService', name), collection, action),
      );
      await expect(serve(service)).rejects.toMatchObject(DENIED);
    },
  );

  test('the role for indexes creates them, and without any of its rights it says which collection', async () => {
    await admin.dropDatabase();
    const role = roleOfScript('indexes', name);
    await using installer = await connectAs(role);
    await createIndexes(installer);
    for (const [collection, action] of rightsOf(role)) {
      await admin.dropDatabase();
      await server.replace(name, withoutRight(role, collection, action));
      await expect(createIndexes(installer)).rejects.toMatchObject({
        ...DENIED,
        message: expect.stringContaining(collection) as string,
      });
    }
  });

  test('the reader reads everything and writes nothing', async () => {
    await new AuditService(admin).logAuditEntry(ENTRY);
    await using reader = await connectAs(roleOfScript('reader', name));
    const deps = depsOn(reader);
    expect(await deps.ledger.head()).toMatchObject({ size: 0 });
    await new InProcessRun(depsOn(admin)).run(INPUT);
    expect(await deps.snapshots.find(SNAPSHOT)).toMatchObject({ snapshotId: SNAPSHOT });
    expect(await deps.leases.find(SNAPSHOT)).toBeUndefined();
    expect((await deps.ledger.list(0, 1)).length).toBe(1);
    expect(await new MongoJobStore(reader).list({ limit: 10, nowMs: Date.now() })).toMatchObject({
      jobs: [{ status: 'succeeded' }],
    });
    for (const collection of ['auditlogs', 'jobs', 'ledgerleaves'])
      await expect(reader.collection(collection).insertOne({})).rejects.toMatchObject({ code: 13 });
  });

  test('a reader without any one of its rights gets exit code 5, and the error names the collection', async () => {
    await new AuditService(admin).logAuditEntry(ENTRY);
    const role = roleOfScript('reader', name);
    const uri = await server.grant(name, role);
    // The objects of this snapshot are in memory, so with all rights `show` finds no locks.
    const run = (command: readonly string[]) =>
      runCommand({ ...process.env, MONGODB_URI: uri, AUDIT_ORIGIN: ORIGIN }, ...command);
    expect((await run(['status'])).stdout).toContain('nothing is sealed yet');
    await new InProcessRun(depsOn(admin)).run(INPUT);
    for (const command of [['status'], ['show', INPUT.jobId]])
      expect((await run(command)).stderr).not.toContain('DATABASE_UNAUTHORIZED');
    for (const [collection, action] of rightsOf(role)) {
      await server.replace(name, withoutRight(role, collection, action));
      const { code, stderr } = await run(READS[collection] ?? []);
      expect({ collection, code, stderr }).toEqual({
        collection,
        code: 5,
        stderr: expect.stringMatching(
          new RegExp(`error \\[DATABASE_UNAUTHORIZED\\]: .*${collection}`),
        ) as string,
      });
    }
  }, 240_000);

  test('an application without its right cannot add entries, and the error names the collection', async () => {
    const role = roleOfScript('application', name);
    await using app = await connectAs(withoutRight(role, 'auditlogs', 'insert'));
    await expect(new AuditService(app).logAuditEntry(ENTRY)).rejects.toMatchObject({
      ...DENIED,
      message: expect.stringContaining('auditlogs') as string,
    });
  });
});
