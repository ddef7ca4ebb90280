import type { AuditSnapshotResult } from '../../src/contract/snapshot';
import { noneLeftOut } from '../../src/evidence/leftOut';
import { AUDIT_LOG } from '../../src/evidence/recordMembers';
import type { ChunkRow, SnapshotRepository, SnapshotSeed } from '../../src/ports/snapshotRepository';

const DAY = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const MANIFEST = { versionId: 'v1', sha256: 'a'.repeat(64), sizeBytes: 9, recordCount: 2, findingCount: 0 };
const SIGNATURE = {
  signature: 'c2lnbmF0dXJl',
  signatureVersionId: 'v2',
  checkpointVersionId: 'v3',
  checkpointBytes: 200,
  timestamp: null,
};

/** A snapshot that is opened: its seed. */
export function seedOf(jobId: string, window = DAY, origin = 'test.example/audit'): SnapshotSeed {
  return {
    snapshotId: `snap-${jobId}`,
    jobId,
    origin,
    source: AUDIT_LOG,
    window,
    onTamper: 'seal',
    openedAt: '2026-04-01T00:00:00.000Z',
    retainUntil: '2032-04-01T00:00:00.000Z',
    hashScheme: 'bson-sha256/v1',
    timestamp: 'none',
    keyVersion: 1,
    publicKey: Buffer.alloc(32).toString('base64'),
    software: 'audit-snapshot/test',
    chunkLimits: { maxRecords: 2, maxBytes: 1024 },
  };
}

/** The row of a chunk of two records. */
export function chunkOf(index: number, snapshotId = 'snap-a'): ChunkRow {
  const position = { timestamp: DAY.from, id: String(index).padStart(24, '0') };
  const range = { begin: 0, end: 2 * (index + 1), hashes: ['bm9kZQ=='] };
  return {
    snapshotId,
    chunk: {
      index,
      key: `snapshots/${snapshotId}/chunks/${index}`,
      versionId: 'v1',
      count: 2,
      sizeBytes: 80,
      sha256: 'c'.repeat(64),
    },
    begin: 2 * index,
    first: position,
    last: position,
    nodes: ['bm9kZQ=='],
    findingCounts: { 'hash-mismatch': 0, 'hash-missing': 0, 'hash-repeated': 0 },
    findings: [],
    lateCount: 0,
    checkpoint: {
      nextIndex: index + 1,
      cursor: { after: position, sliceMs: 60_000 },
      hash: { range, digestState: 'c3RhdGU=', findingCount: 0 },
      complete: false,
    },
  };
}

const RESULT: AuditSnapshotResult = {
  snapshotAssetId: 'd'.repeat(24),
  recordCount: 2,
  snapshotId: 'snap-a',
  window: DAY,
  findingCount: 0,
  conflictCount: 0,
  lateCount: 0,
  manifestSha256: MANIFEST.sha256,
  ledgerIndex: 0,
};
const CONFLICT = { code: 'SNAPSHOT_CONFLICT' };

/** What every snapshot repository does, in memory or in a database. `makeRepository` returns an empty one. */
export function describeSnapshotRepository(
  name: string,
  makeRepository: () => Promise<SnapshotRepository>,
): void {
  describe(`${name} as a snapshot repository`, () => {
    let rows: SnapshotRepository;
    beforeEach(async () => {
      rows = await makeRepository();
    });

    const open = (jobId = 'a', window = DAY) => rows.open(seedOf(jobId, window));

    test('a snapshot that was never opened has no row', async () => {
      await expect(rows.find('snap-a')).resolves.toBeUndefined();
      await expect(rows.fixChunkCount('snap-a', 1)).rejects.toMatchObject({ code: 'SNAPSHOT_NOT_FOUND' });
    });

    test('opening a snapshot again keeps the row of the first seed, whose undecided members are null', async () => {
      const first = await open();
      expect(first).toEqual({
        ...seedOf('a'),
        overlaps: [],
        leaseSequence: null,
        chunkCount: null,
        leftOut: null,
        manifest: null,
        signature: null,
        snapshotAssetId: null,
        ledgerIndex: null,
        result: null,
      });
      const later = { ...seedOf('a'), openedAt: '2027-01-01T00:00:00.000Z', keyVersion: 2 };
      await expect(rows.open(later)).resolves.toEqual(first);
      await expect(rows.find('snap-a')).resolves.toEqual(first);
    });

    test.each([
      ['window', { window: { ...DAY, to: '2026-03-01T12:00:00.000Z' } }],
      ['policy', { onTamper: 'fail' as const }],
      ['origin', { origin: 'other.example/audit' }],
    ])('opening a job again with another %s is a conflict', async (_what, change) => {
      await open();
      await expect(rows.open({ ...seedOf('a'), ...change })).rejects.toMatchObject(CONFLICT);
    });

    test('ten concurrent openings of one snapshot return the same row', async () => {
      const opened = await Promise.all(
        Array.from({ length: 10 }, (_, second) =>
          rows.open({ ...seedOf('a'), openedAt: `2026-04-01T00:00:0${second}.000Z` }),
        ),
      );
      expect(new Set(opened.map(({ openedAt }) => openedAt)).size).toBe(1);
    });

    test('only the first grant stores the overlaps, and the lease sequence never decreases', async () => {
      await open();
      const overlaps = [{ snapshotId: 'snap-b', ...DAY }];
      await expect(rows.grant('snap-a', 3, overlaps)).resolves.toMatchObject({ leaseSequence: 3, overlaps });
      await expect(rows.grant('snap-a', 5, [])).resolves.toMatchObject({ leaseSequence: 5, overlaps });
      await expect(rows.grant('snap-a', 4, [])).resolves.toMatchObject({ leaseSequence: 5, overlaps });
      await expect(rows.find('snap-a')).resolves.toMatchObject({ leaseSequence: 5, overlaps });
    });

    test('chunks are listed in order up to the first missing one', async () => {
      await open();
      for (const index of [0, 1, 3]) await rows.addChunk(chunkOf(index));
      await expect(rows.listChunks('snap-a', 2)).resolves.toEqual([chunkOf(0), chunkOf(1)]);
      await expect(rows.lastChunk('snap-a')).resolves.toEqual(chunkOf(1));
      await expect(rows.findChunk('snap-a', 3)).resolves.toEqual(chunkOf(3));
      await expect(rows.findChunk('snap-a', 2)).resolves.toBeUndefined();
      await expect(rows.listChunks('snap-a', 3)).rejects.toMatchObject(CONFLICT);
      await expect(rows.listChunks('snap-a', 0)).resolves.toEqual([]);
      await expect(rows.lastChunk('snap-b')).resolves.toBeUndefined();
    });

    test('adding another chunk under the same index is a conflict, except for the width of its next slice', async () => {
      await open();
      const row = chunkOf(0);
      await rows.addChunk(row);
      const cursor = { ...row.checkpoint.cursor, sliceMs: 1 };
      await rows.addChunk({ ...row, checkpoint: { ...row.checkpoint, cursor } });
      await expect(rows.findChunk('snap-a', 0)).resolves.toEqual(row);
      const other = { ...row, chunk: { ...row.chunk, sha256: 'd'.repeat(64) } };
      await expect(rows.addChunk(other)).rejects.toMatchObject(CONFLICT);
      await expect(rows.addChunk({ ...row, lateCount: 1 })).rejects.toMatchObject(CONFLICT);
    });

    test('marks are listed by chunk, and the first mark of a chunk is kept', async () => {
      await open();
      for (const index of [0, 1, 2]) await rows.addChunk(chunkOf(index));
      await rows.setMarked('snap-a', 2, []);
      await rows.setMarked('snap-a', 0, ['000000000000000000000001']);
      await rows.setMarked('snap-a', 0, []);
      await expect(rows.listMarks('snap-a')).resolves.toEqual([
        { index: 0, count: 2, conflictCount: 1 },
        { index: 2, count: 2, conflictCount: 0 },
      ]);
    });

    test('the counts of records that were left out are set once', async () => {
      await open();
      const counts = { ...noneLeftOut(), 'time-text': 3 };
      await expect(rows.fixLeftOut('snap-a', counts)).resolves.toEqual(counts);
      await expect(rows.fixLeftOut('snap-a', noneLeftOut())).resolves.toEqual(counts);
      await expect(rows.find('snap-a')).resolves.toMatchObject({ leftOut: counts });
    });

    test('the number of chunks and the result are set once, and setting them again returns the stored value', async () => {
      await open();
      await expect(rows.fixChunkCount('snap-a', 2)).resolves.toBe(2);
      await expect(rows.fixChunkCount('snap-a', 3)).resolves.toBe(2);
      await expect(rows.close('snap-a', RESULT)).resolves.toEqual(RESULT);
      await expect(rows.close('snap-a', { ...RESULT, lateCount: 7 })).resolves.toEqual(RESULT);
      await expect(rows.find('snap-a')).resolves.toMatchObject({ chunkCount: 2, result: RESULT });
    });

    test('the list of closed snapshots has those of its origin that are closed, and no others', async () => {
      for (const jobId of ['b', 'a', 'c']) await rows.open(seedOf(jobId));
      await rows.open(seedOf('d', DAY, 'other.example/audit'));
      for (const id of ['snap-b', 'snap-a', 'snap-d']) await rows.close(id, { ...RESULT, snapshotId: id });
      await expect(rows.listClosed('test.example/audit')).resolves.toEqual(['snap-a', 'snap-b']);
    });

    test('a chunk count of zero is stored like any other', async () => {
      await open();
      await expect(rows.fixChunkCount('snap-a', 0)).resolves.toBe(0);
      await expect(rows.fixChunkCount('snap-a', 1)).resolves.toBe(0);
      await rows.setLedgerIndex('snap-a', 0);
      await expect(rows.setLedgerIndex('snap-a', 1)).rejects.toMatchObject(CONFLICT);
    });

    test('another manifest, signature or asset of a snapshot is a conflict, the same one is not', async () => {
      await open();
      for (const manifest of [MANIFEST, { ...MANIFEST }]) await rows.setManifest('snap-a', manifest);
      await expect(rows.setManifest('snap-a', { ...MANIFEST, versionId: 'v9' })).rejects.toMatchObject(
        CONFLICT,
      );
      for (const signature of [SIGNATURE, { ...SIGNATURE }]) await rows.setSignature('snap-a', signature);
      await expect(rows.setSignature('snap-a', { ...SIGNATURE, signature: 'eA==' })).rejects.toMatchObject(
        CONFLICT,
      );
      await rows.setAsset('snap-a', 'asset-1');
      await expect(rows.setAsset('snap-a', 'asset-2')).rejects.toMatchObject(CONFLICT);
      await expect(rows.find('snap-a')).resolves.toMatchObject({
        manifest: MANIFEST,
        signature: SIGNATURE,
        snapshotAssetId: 'asset-1',
      });
    });

    test('listSignedOverlaps finds only signed snapshots of the origin whose windows overlap', async () => {
      const touching = { from: DAY.to, to: '2026-03-02T23:59:59.999Z' };
      const endingThere = { from: '2026-02-28T00:00:00.000Z', to: DAY.from };
      const later = { from: '2026-03-02T00:00:00.000Z', to: '2026-03-02T23:59:59.999Z' };
      await open('a');
      await open('unsigned');
      for (const [jobId, window] of [
        ['b', DAY],
        ['c', touching],
        ['d', later],
        ['f', endingThere],
      ] as const) {
        await open(jobId, window);
        await rows.setSignature(`snap-${jobId}`, SIGNATURE);
      }
      await rows.open(seedOf('e', DAY, 'other.example/audit'));
      await rows.setSignature('snap-e', SIGNATURE);
      const found = await rows.listSignedOverlaps('test.example/audit', DAY, 'snap-a');
      expect(found.map(({ snapshotId }) => snapshotId).toSorted()).toEqual(['snap-b', 'snap-c', 'snap-f']);
      await expect(rows.listSignedOverlaps('test.example/audit', DAY, 'snap-b')).resolves.toHaveLength(2);
    });
  });
}
