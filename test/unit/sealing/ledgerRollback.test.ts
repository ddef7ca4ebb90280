import { LEDGER_CHECKPOINT_KEY, ledgerTileKey } from '../../../src/evidence/objectKeys';
import { makeTrustFile } from '../../../src/evidence/trustFile';
import { LedgerIndex } from '../../../src/sealing/ledgerIndex';
import { verifyEvidence } from '../../../src/verify/verifyEvidence';
import { FakeDeps } from '../../harness/fakeDeps';
import { InProcessRun } from '../../harness/inProcessEngine';

const HOUR_MS = 3_600_000;

function windowOf(hour: number) {
  const fromMs = Date.parse('2026-03-01T00:00:00.000Z') + hour * HOUR_MS;
  return { from: new Date(fromMs).toISOString(), to: new Date(fromMs + HOUR_MS - 1).toISOString() };
}

async function sealHour(deps: FakeDeps, hour: number, jobId = `job-${hour}`) {
  deps.logEntries(2, windowOf(hour).from);
  return new InProcessRun(deps).run({ jobId, ...windowOf(hour) });
}

async function sealHours(count: number): Promise<FakeDeps> {
  const deps = new FakeDeps();
  for (let hour = 0; hour < count; hour++) await sealHour(deps, hour);
  return deps;
}

const bundle = (size: number) => ledgerTileKey('entries', 0, size);
const checkpoints = ({ store }: FakeDeps) =>
  store.versions(LEDGER_CHECKPOINT_KEY).filter(({ isDeleteMarker }) => !isDeleteMarker);
const oldCheckpointOnTop = (deps: FakeDeps): unknown =>
  deps.store.overwrite(LEDGER_CHECKPOINT_KEY, checkpoints(deps)[0]!.body);
const oldRows = (deps: FakeDeps): void => void (deps.ledger.leaves = deps.ledger.leaves.slice(0, 1));

/** What an attacker with access to database and bucket did to a ledger of three entries. */
const ROLLBACKS: readonly (readonly [what: string, attack: (deps: FakeDeps) => void])[] = [
  ['an old checkpoint on top', oldCheckpointOnTop],
  [
    'every old checkpoint on top, in order',
    (deps) => {
      const bodies = checkpoints(deps).map(({ body }) => body);
      for (const body of bodies.slice(0, -1)) deps.store.overwrite(LEDGER_CHECKPOINT_KEY, body);
    },
  ],
  [
    'an old checkpoint and old rows',
    (deps) => {
      oldCheckpointOnTop(deps);
      oldRows(deps);
    },
  ],
  [
    'an old checkpoint, old rows and other tiles on top',
    (deps) => {
      oldCheckpointOnTop(deps);
      oldRows(deps);
      for (const key of [bundle(2), bundle(3), ledgerTileKey(0, 0, 2)])
        deps.store.overwrite(key, Buffer.from('another tile'));
    },
  ],
  [
    'an old checkpoint, old rows and delete markers on the tiles',
    (deps) => {
      oldCheckpointOnTop(deps);
      oldRows(deps);
      for (const key of deps.store.keys().filter((name) => name.startsWith('ledger/tile/')))
        deps.store.addDeleteMarker(key);
    },
  ],
  [
    'no rows and delete markers on everything',
    (deps) => {
      deps.ledger.leaves = [];
      for (const key of deps.store.keys().filter((name) => name.startsWith('ledger/')))
        deps.store.addDeleteMarker(key);
    },
  ],
  ['a delete marker on the checkpoint', (deps) => deps.store.addDeleteMarker(LEDGER_CHECKPOINT_KEY)],
  ['a delete marker on the newest bundle', (deps) => deps.store.addDeleteMarker(bundle(3))],
  ['a delete marker on the bundle of an earlier size', (deps) => deps.store.addDeleteMarker(bundle(1))],
  ['a delete marker on the newest tile', (deps) => deps.store.addDeleteMarker(ledgerTileKey(0, 0, 3))],
  ['a delete marker under a key that comes next', (deps) => deps.store.addDeleteMarker(bundle(4))],
  ['another bundle on top', (deps) => deps.store.overwrite(bundle(3), Buffer.from('another bundle'))],
  ['another tile on top', (deps) => deps.store.overwrite(ledgerTileKey(0, 0, 3), Buffer.alloc(96))],
];

describe('a ledger that was rolled back', () => {
  test.each(ROLLBACKS)('by %s is refused, and nothing is signed over it', async (_what, attack) => {
    for (const isNewProcess of [false, true]) {
      const deps = await sealHours(3);
      attack(deps);
      if (isNewProcess) deps.ledgerIndex = new LedgerIndex();
      const before = checkpoints(deps).length;
      const failure = await sealHour(deps, 3).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        type: expect.stringMatching(/^LEDGER_(ROLLED_BACK|FORKED)$|^LEDGER_BEHIND$/),
        message: expect.stringMatching(/nothing was signed/i),
      });
      expect(checkpoints(deps)).toHaveLength(before);
    }
  });

  test('continues after the largest checkpoint was copied to the top', async () => {
    const deps = await sealHours(3);
    const largest = checkpoints(deps).at(-1)!.body;
    oldCheckpointOnTop(deps);
    await expect(sealHour(deps, 3)).rejects.toMatchObject({ type: 'LEDGER_ROLLED_BACK' });
    deps.store.overwrite(LEDGER_CHECKPOINT_KEY, largest);
    await expect(sealHour(deps, 3)).resolves.toMatchObject({ ledgerIndex: 3 });
  });
});

describe('an innocent state of the ledger', () => {
  test('tiles without a checkpoint over them, which a killed worker leaves, are continued', async () => {
    const deps = await sealHours(2);
    // Every attempt of the job: the first, which makes progress, and three that make none.
    for (let nth = 2; nth < 6; nth++) deps.store.faults.failCall('replace', nth, 'lost');
    const run = new InProcessRun(deps, { maxAttempts: 1 });
    deps.logEntries(2, windowOf(2).from);
    await expect(run.run({ jobId: 'job-2', ...windowOf(2) })).rejects.toThrow('lost, as planned');
    expect(deps.store.versions(bundle(3))).toHaveLength(1);
    deps.ledgerIndex = new LedgerIndex();
    await sealHour(deps, 3);
    await sealHour(deps, 2);
    expect(checkpoints(deps)).toHaveLength(3);
    const trust = makeTrustFile(deps.settings.origin, await deps.signer.listKeys());
    const reader = {
      read: async (key: string, version: string | undefined) =>
        (await deps.store.get(key, 1e9, version))?.body,
    };
    const { report } = await verifyEvidence(reader, { trust, found: [] });
    expect(report).toMatchObject({ verdict: 'VERIFIED', ledger: { size: 4 } });
  });

  test('a copy of a bundle with the same bytes changes nothing', async () => {
    const deps = await sealHours(2);
    deps.store.overwrite(bundle(2), deps.store.versions(bundle(2))[0]!.body);
    await expect(sealHour(deps, 2)).resolves.toMatchObject({ ledgerIndex: 2 });
  });
});

test('the reads and writes of a job do not grow with the ledger', async () => {
  const deps = new FakeDeps();
  const calls: number[] = [];
  for (let hour = 0; hour < 40; hour++) {
    const before = deps.store.faults.calls.length;
    await sealHour(deps, hour);
    calls.push(deps.store.faults.calls.length - before);
  }
  expect(Math.max(...calls.slice(20))).toBeLessThanOrEqual(Math.max(...calls.slice(2, 20)));
});
