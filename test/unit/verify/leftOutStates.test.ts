import { mongo } from 'mongoose';
import { leftOutKindOf, noneLeftOut, type LeftOutKind } from '../../../src/evidence/leftOut';
import {
  leftOutAcknowledgementEntry,
  leftOutAcknowledgementId,
  type LeftOutAcknowledgement,
} from '../../../src/evidence/leftOutAcknowledgement';
import { parseEntry } from '../../../src/evidence/ledgerEntry';
import { buildEntry } from '../../../src/services/auditEntry';
import { bucketReader } from '../../../src/verify/evidenceReaders';
import {
  MAX_LISTED_LEFT_OUT,
  openLeftOut,
  readLeftOut,
  type LeftOutStates,
} from '../../../src/verify/leftOutStates';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const TEXT = { immutable: false, timestamp: 'yesterday' };

/** What is left out of the fake log. */
async function statesOf(deps: FakeDeps): Promise<LeftOutStates> {
  const { records } = deps;
  const { members } = deps.settings.source;
  const entries = (await deps.ledger.list(0, (await deps.ledger.head()).size)).map(parseEntry);
  const entryOf = (id: string) => entries.find(({ snapshotId }) => snapshotId === id);
  async function* scan(_scope: unknown, kinds: readonly LeftOutKind[]) {
    for (const id of records.ids()) {
      const document = await Promise.resolve(records.read(id)!);
      const kind = leftOutKindOf(document, members);
      if (kind !== undefined && kinds.includes(kind)) yield { kind, document };
    }
  }
  const deps2 = { reader: bucketReader(deps.store), records, entryOf, members, scan };
  return readLeftOut(deps2, { uncovered: [] });
}

/** Logs that the record with this text as its time is known, as the command does. */
async function acknowledge(deps: FakeDeps, change: Partial<LeftOutAcknowledgement> = {}): Promise<string> {
  const [found] = (await statesOf(deps)).listed;
  const given = {
    ...found!,
    acknowledgement: undefined,
    reason: 'import of 2019',
    actorId: 'jonas',
    ...change,
  };
  const { acknowledgement: _, ...own } = given;
  const entry = { ...leftOutAcknowledgementEntry(own), timestamp: new Date(DAY.from) };
  const id = new mongo.ObjectId(leftOutAcknowledgementId(found!));
  return deps.records.add(buildEntry(entry, id).document);
}

const seal = (deps: FakeDeps) => new InProcessRun(deps).run({ jobId: 'one', ...DAY });
const openTexts = async (deps: FakeDeps) => openLeftOut(await statesOf(deps))['time-text'];

test('a record that is left out is open until a record that acknowledges it is sealed', async () => {
  const deps = new FakeDeps();
  expect(await statesOf(deps)).toEqual({ counts: noneLeftOut(), acknowledged: noneLeftOut(), listed: [] });
  deps.records.add({ _id: new mongo.ObjectId(), ...TEXT });
  expect((await statesOf(deps)).listed).toMatchObject([{ kind: 'time-text', acknowledgement: undefined }]);
  const acknowledgedBy = await acknowledge(deps);
  expect((await statesOf(deps)).listed).toMatchObject([
    { acknowledgement: { state: 'pending', acknowledgedBy } },
  ]);
  expect(await openTexts(deps)).toBe(1);

  await seal(deps);
  const sealed = { state: 'acknowledged', acknowledgedBy, sealedIn: 'snap-one', reason: 'import of 2019' };
  expect((await statesOf(deps)).listed).toMatchObject([{ acknowledgement: sealed }]);
  expect(await openTexts(deps)).toBe(0);
  deps.records.add({ _id: new mongo.ObjectId(), ...TEXT });
  expect(await openTexts(deps)).toBe(1);
});

test('an acknowledged record that changes is open again', async () => {
  const deps = new FakeDeps();
  const _id = new mongo.ObjectId();
  deps.records.add({ _id, ...TEXT });
  await acknowledge(deps);
  await seal(deps);
  expect(await openTexts(deps)).toBe(0);
  deps.records.add({ _id, ...TEXT, timestamp: 'today' });
  expect(await openTexts(deps)).toBe(1);
});

test.each<[string, Partial<LeftOutAcknowledgement>]>([
  ['other bytes', { recordSha256: '0'.repeat(64) }],
  ['another kind', { kind: 'time-number' }],
  ['another record', { recordId: '697d3a000000000000000001' }],
])('a sealed record that acknowledges %s acknowledges nothing here', async (_what, change) => {
  const deps = new FakeDeps();
  deps.records.add({ _id: new mongo.ObjectId(), ...TEXT });
  await acknowledge(deps, change);
  await seal(deps);
  expect(await openTexts(deps)).toBe(1);
});

test('a mark that someone set makes no acknowledgement of a left-out record count', async () => {
  const deps = new FakeDeps();
  deps.records.add({ _id: new mongo.ObjectId(), ...TEXT });
  deps.logEntries(1, DAY.from);
  await seal(deps);
  const id = await acknowledge(deps);
  await deps.records.updateLogImmutability([id], 'snap-one');
  expect(deps.records.sealedBy(id)).toBe('snap-one');
  expect(await openTexts(deps)).toBe(1);
});

test('records of a kind with too many of them are counted, and none of them is listed', async () => {
  const deps = new FakeDeps();
  for (let count = 0; count <= MAX_LISTED_LEFT_OUT; count++)
    deps.records.add({ _id: new mongo.ObjectId(), ...TEXT });
  deps.records.add({ _id: new mongo.ObjectId(), immutable: false });
  const { counts, listed } = await statesOf(deps);
  expect(counts['time-text']).toBe(MAX_LISTED_LEFT_OUT + 1);
  expect(listed.map(({ kind }) => kind)).toEqual(['time-missing']);
});
