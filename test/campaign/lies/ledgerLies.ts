import { canonicalJson } from '../../../src/evidence/canonicalJson';
import { LEDGER_CHECKPOINT_KEY, manifestKey } from '../../../src/evidence/objectKeys';
import { LogTree } from '../../../src/tlog/tiles';
import { evidenceKey } from '../../harness/evidence';
import { signedCheckpoint } from '../../harness/ledger';
import { trustFileOf, type LedgerDraft } from './draft';
import type { Lie } from './lie';
import { FIRST_KEY, SECOND_KEY, STRANGE_KEY } from './trueLedger';

const OTHER_HASH = Buffer.alloc(32, 7);
const ENTRIES = 5;

/** Lies of the ledger about honest snapshots. */
export function* ledgerLies(): Generator<Lie> {
  for (let index = 0; index < ENTRIES; index++) yield* entryLies(index);
  yield* orderLies();
  yield* headLies();
  yield* keyLies();
}

function* entryLies(index: number): Generator<Lie> {
  const lie = (name: string, members: Record<string, unknown>): Lie => ({
    kind: 'entry',
    name: `entry ${index} ${name}`,
    tell: (draft) => {
      draft.editEntries = (entries) =>
        entries.map((entry, at) => (at === index ? edited(entry, members) : entry));
    },
  });
  yield lie('has another root', { root: OTHER_HASH.toString('base64') });
  yield lie('has another manifest', { manifestSha256: OTHER_HASH.toString('hex') });
  yield lie('has one record more', { recordCount: 99 });
  yield lie('covers a year', {
    window: { from: '2026-01-01T00:00:00.000Z', to: '2026-12-31T23:59:59.999Z' },
  });
  yield lie('is about a snapshot that does not exist', { snapshotId: 'snap-job-9' });
  yield lie('is of an unknown type', { type: 'note' });
  yield lie('has an unknown member', { comment: 'trust me' });
  yield {
    kind: 'entry',
    name: `entry ${index} is left out`,
    tell: (draft) => {
      draft.editEntries = (entries) => entries.filter((_, at) => at !== index);
    },
  };
  yield {
    kind: 'entry',
    name: `entry ${index} is there twice`,
    tell: (draft) => {
      draft.editEntries = (entries) => [...entries, entries[index]!];
    },
  };
  yield {
    kind: 'entry',
    name: `the snapshot of entry ${index} is gone`,
    tell: (draft) => {
      const { jobId } = draft.snapshots[index]!;
      draft.editObjects = (objects) => void objects.delete(manifestKey(`snap-${jobId}`));
    },
  };
}

function edited(entry: Buffer, members: Record<string, unknown>): Buffer {
  return canonicalJson({ ...(JSON.parse(entry.toString()) as object), ...members });
}

/** The late snapshot moves before a day that it counts as sealed before. */
function* orderLies(): Generator<Lie> {
  for (const place of [0, 1])
    yield {
      kind: 'late',
      name: `the late snapshot has entry ${place}, before what it calls sealed earlier`,
      tell: (draft) => {
        draft.editEntries = (entries) => {
          const [late] = entries.splice(2, 1);
          entries.splice(place, 0, late!);
          return entries;
        };
      },
    };
}

/** A lie of the ledger checkpoint; `tell` runs when the tree of the entries is known. */
function inHead(name: string, tell: (draft: LedgerDraft, tree: LogTree) => void): Lie {
  return {
    kind: 'head',
    name,
    tell: (draft) => {
      const tree = new LogTree();
      draft.editEntries = (entries) => {
        for (const entry of entries) tree.append(entry);
        tell(draft, tree);
        return entries;
      };
    },
  };
}

function replaceHead(draft: LedgerDraft, note: () => Buffer): void {
  draft.editObjects = (objects) => void objects.set(LEDGER_CHECKPOINT_KEY, note());
}

function* headLies(): Generator<Lie> {
  for (const size of [0, 3, 4, 6, 256])
    yield inHead(`the checkpoint says ${size} entries`, (draft, tree) =>
      replaceHead(draft, () => signedCheckpoint(size, tree.root(), SECOND_KEY)),
    );
  yield inHead('the checkpoint has another root', (draft) =>
    replaceHead(draft, () => signedCheckpoint(ENTRIES, OTHER_HASH, SECOND_KEY)),
  );
  yield inHead('the checkpoint is of another origin', (draft, tree) =>
    replaceHead(draft, () => signedCheckpoint(ENTRIES, tree.root(), SECOND_KEY, 'other.example.org')),
  );
}

function aboutKeys(name: string, tell: (draft: LedgerDraft) => void): Lie {
  return { kind: 'ledger key', name, tell };
}

function* keyLies(): Generator<Lie> {
  yield aboutKeys('a key older than that of its newest snapshot', (draft) => void (draft.key = FIRST_KEY));
  yield aboutKeys('a strange key', (draft) => void (draft.key = STRANGE_KEY));
  yield aboutKeys('its whole history under another origin', (draft) => {
    draft.origin = 'other.example.org';
    for (const snapshot of draft.snapshots) snapshot.origin = 'other.example.org';
  });
  for (const from of ['2026-02-12T00:30:00.000Z', '2026-02-12T23:00:00.000Z', '2026-03-01T00:00:00.000Z'])
    yield aboutKeys(`the second key is in force only from ${from}`, (draft) => {
      draft.trust = trustFileOf([
        { key: FIRST_KEY, from: '2026-01-01T00:00:00.000Z' },
        { key: SECOND_KEY, from },
      ]);
    });
  for (const from of ['2026-02-01T12:00:00.000Z', '2026-02-02T01:00:00.000Z', '2026-02-04T00:00:00.000Z'])
    yield aboutKeys(`the first key is in force only from ${from}`, (draft) => {
      draft.trust = trustFileOf([
        { key: FIRST_KEY, from },
        { key: SECOND_KEY, from: '2026-02-10T00:00:00.000Z' },
      ]);
    });
  for (const ledgerSize of [0, 1, 2])
    yield aboutKeys(`the first key was revoked at ${ledgerSize} entries`, (draft) => {
      draft.trust = revoked(draft, 0, ledgerSize);
    });
  for (const ledgerSize of [0, 3, 4])
    yield aboutKeys(`the second key was revoked at ${ledgerSize} entries`, (draft) => {
      draft.trust = revoked(draft, 1, ledgerSize);
    });
  yield aboutKeys('other keys are pinned', (draft) => {
    draft.trust = trustFileOf([
      { key: evidenceKey(3), from: '2026-01-01T00:00:00.000Z' },
      { key: evidenceKey(4), from: '2026-02-10T00:00:00.000Z' },
    ]);
  });
}

function revoked({ trust }: LedgerDraft, index: number, ledgerSize: number): LedgerDraft['trust'] {
  const keys = trust.keys.map((key, at) => (at === index ? { ...key, revoked: { ledgerSize } } : key));
  return { ...trust, keys };
}
