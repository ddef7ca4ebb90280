import type { Connection } from 'mongoose';
import { parseManifest } from '../../src/evidence/manifest';
import { manifestKey } from '../../src/evidence/objectKeys';
import type { RecordSourceNames } from '../../src/evidence/recordMembers';
import { makeTrustFile } from '../../src/evidence/trustFile';
import { createIndexes } from '../../src/mongo/indexes';
import { AuditService } from '../../src/services/audit.service';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { verifyEvidence } from '../../src/verify/verifyEvidence';
import { auditFakes } from '../harness/driftAudit';
import { FakeDeps } from '../harness/fakeDeps';
import { FreshDatabases } from '../harness/freshDatabase';
import { InProcessRun } from '../harness/inProcessEngine';

const RECORDS = 100_000;
const MONTH = { from: '2026-01-01T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };
const FROM_MS = Date.parse(MONTH.from);
const EVENTS: RecordSourceNames = {
  collection: 'events',
  members: { time: 'createdAt', hash: 'hash', immutable: 'immutable', snapshotId: 'snapshotId' },
  eligible: 'unmarked',
};

/** Records that cannot be sealed, with their kind and how many there are. */
const ODD: readonly (readonly [kind: string, members: object, count: number])[] = [
  ['time-text', { createdAt: '2026-01-05T00:00:00.000Z' }, 6],
  ['time-number', { createdAt: FROM_MS }, 5],
  ['time-missing', {}, 4],
  ['immutable-odd', { createdAt: new Date(FROM_MS), immutable: 'no' }, 3],
  ['mark-foreign', { createdAt: new Date(FROM_MS), snapshotId: 'of the application' }, 2],
];

/** A record as the application wrote it: most have no mark, some have one, some have null. */
function eventOf(index: number): object {
  const createdAt = new Date(FROM_MS + Math.floor(index / 3) * 50);
  const marks: readonly object[] = [{ immutable: false }, { immutable: null }];
  return { createdAt, index, ...marks[index % 7] };
}

async function writeEvents(connection: Connection): Promise<number> {
  const events = connection.collection('events');
  const odd = ODD.flatMap(([, members, count]) => Array.from({ length: count }, () => ({ ...members })));
  const plain = RECORDS - odd.length;
  for (let start = 0; start < plain; start += 10_000) {
    const length = Math.min(10_000, plain - start);
    await events.insertMany(Array.from({ length }, (_, offset) => eventOf(start + offset)));
  }
  await events.insertMany(odd);
  return plain;
}

/** The real log on a database; everything else is in memory. */
function depsOn(connection: Connection): FakeDeps {
  const fakes = new FakeDeps(undefined, EVENTS);
  const settings = { ...fakes.settings, chunkLimits: { maxRecords: 30_000, maxBytes: 33_554_432 } };
  return Object.assign(fakes, { records: new AuditService(connection, EVENTS), settings });
}

describe('a collection of 100,000 records, most of them without sealing members', () => {
  const databases = new FreshDatabases();
  afterAll(() => databases.close());

  test('is adopted with AUDIT_ELIGIBLE=unmarked: every record is sealed, or counted with its reason', async () => {
    const connection = await databases.connect();
    const plain = await writeEvents(connection);
    await createIndexes(connection, EVENTS);
    const deps = depsOn(connection);
    const events = connection.collection('events');
    expect(await events.countDocuments()).toBe(RECORDS);

    const result = await new InProcessRun(deps).run({ jobId: 'history', ...MONTH });
    const counted = Object.fromEntries(ODD.map(([kind, , count]) => [kind, count]));
    expect(result).toMatchObject({ recordCount: plain, conflictCount: 0, lateCount: 0, leftOut: counted });
    const total = Object.values(result.leftOut!).reduce((sum, count) => sum + count, 0);
    expect(result.recordCount + total).toBe(RECORDS);
    expect(await events.countDocuments({ immutable: true, snapshotId: 'snap-history' })).toBe(plain);
    expect(await events.countDocuments({ snapshotId: 'of the application' })).toBe(2);

    const stored = await deps.store.get(manifestKey('snap-history'), 2 ** 24);
    expect(parseManifest(stored!.body).source).toEqual(EVENTS);
    const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
    const { report } = await verifyEvidence(bucketReader(deps.store), { trust, found: [] });
    expect(report.verdict).toBe('VERIFIED');
    expect(report.notes.join()).toContain('it left out 20 records');
    const drift = await auditFakes(deps);
    expect(drift).toMatchObject({
      records: plain,
      marking: 0,
      counts: { deleted: 0, altered: 0, unmarked: 0 },
    });
    expect(drift.notes.join()).toContain('sealing leaves out 20 records');
  }, 1_200_000);
});
