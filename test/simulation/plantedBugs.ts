import type { SnapshotError } from '../../src/errors';
import { readRecord } from '../../src/evidence/recordBytes';
import { PLANTED_ANSWER_BUGS } from './plantedAnswerBugs';
import { withMethods, type PlantedBug } from './plantedBug';

const isRefused = (error: unknown): boolean => (error as SnapshotError).code === 'LEASE_LOST';

/** Defects that a developer could introduce. Each must violate an invariant under some plan, or the campaign proves nothing. */
export const PLANTED_BUGS: Readonly<Record<string, PlantedBug>> = {
  'records are marked before the snapshot is signed': withMethods('snapshots', (real, { records }) => ({
    addChunk: async (row) => {
      await real.addChunk(row);
      await records.updateLogImmutability([row.first.id, row.last.id], row.snapshotId);
    },
  })),
  'records are marked by time range': withMethods('records', (real) => ({
    updateLogImmutability: async (ids, snapshotId) => {
      const bounds = { fromMs: 0, untilMs: Date.parse('2100-01-01T00:00:00.000Z'), after: null };
      const all: string[] = [];
      for await (const raw of real.scan(bounds, 1000)) all.push(readRecord(raw).id);
      return real.updateLogImmutability([...ids, ...all], snapshotId);
    },
  })),
  'a failed marking counts as done': withMethods('records', (real) => ({
    updateLogImmutability: (ids, snapshotId) =>
      real.updateLogImmutability(ids, snapshotId).catch(() => ({ conflicts: [] })),
  })),
  'a PUT has no condition': withMethods('store', (real) => ({
    putOnce: async (key, body, until) => {
      const put = await real.putOnce(key, body, until);
      if (put) return put;
      const taken = await real.get(key, 1 << 30);
      return taken && real.replace(key, body, until, taken.etag);
    },
  })),
  'an existing object counts as ours, unread': withMethods('store', (real) => ({
    putOnce: async (key, body, until) => {
      const put = await real.putOnce(key, body, until);
      return put ?? real.get(key, 1 << 30);
    },
  })),
  'a PUT without an answer counts as done': withMethods('store', (real) => ({
    putOnce: (key, body, until) => real.putOnce(key, body, until).catch(() => ({ versionId: 'v1' })),
  })),
  'a chunk is not read back': withMethods('store', (real) => ({
    get: async (key, maxBytes, versionId) => {
      const stored = await real.get(key, maxBytes, versionId);
      return stored && written.has(key) ? { ...stored, body: written.get(key)! } : stored;
    },
    putOnce: async (key, body, until) => {
      if (key.endsWith('.gz')) written.set(key, body);
      return real.putOnce(key, body, until);
    },
  })),
  'a lock that was not extended counts as extended': withMethods('store', (real) => ({
    extendLock: (key, versionId, until) => real.extendLock(key, versionId, until).catch(() => undefined),
  })),
  'the ledger checkpoint is replaced without a condition': withMethods('store', (real) => ({
    replace: async (key, body, until) => {
      const now = await real.get(key, 1 << 30);
      return now && real.replace(key, body, until, now.etag);
    },
  })),
  'the lease of a finished snapshot is kept': withMethods('leases', () => ({
    finish: () => Promise.resolve(),
  })),
  'the writes of finishing are not tried before signing': withMethods('writeCheck', () => ({
    tryWrites: () => Promise.resolve(),
  })),
  'a run that lost its lease signs all the same': withMethods('leases', (real) => ({
    beginSigning: (snapshotId) =>
      real.beginSigning(snapshotId).catch((error: unknown) => {
        if (!isRefused(error)) throw error;
      }),
  })),
  'overlapping snapshots that were sealed meanwhile are ignored': withMethods('ledgerIndex', () => ({
    overlapping: () => [],
  })),
  'a window is granted to an outdated request': withMethods('leases', (real) => ({
    acquire: async (request) => real.acquire({ ...request, asOf: await real.sequence() }),
  })),
  'the manifest contains the time of its creation': withMethods('snapshots', (real, { clock }) => ({
    find: async (snapshotId) => {
      const row = await real.find(snapshotId);
      return row && { ...row, openedAt: new Date(clock.nowMs()).toISOString() };
    },
  })),
  'the stored cursor is past the end of the window': withMethods('snapshots', (real) => ({
    addChunk: (row) => {
      const after = { ...row.last, timestamp: '2026-03-01T23:59:59.999Z' };
      const cursor = { ...row.checkpoint.cursor, after };
      return real.addChunk({ ...row, checkpoint: { ...row.checkpoint, cursor } });
    },
  })),
  'one chunk too many counts as marked': {
    activities: (activities) => ({
      ...activities,
      openSnapshot: async (input) => {
        const opened = await activities.openSnapshot(input);
        if (opened.state === 'closed' || opened.marks.chunks === 0) return opened;
        return { ...opened, marks: { ...opened.marks, chunks: opened.marks.chunks + 1 } };
      },
    }),
  },
  'an audit entry that failed counts as written': withMethods('records', (real) => ({
    recordSnapshotCreated: (entry) => real.recordSnapshotCreated(entry).catch(() => undefined),
  })),
  'the newest version of the key signs, whichever the manifest names': withMethods('signer', (real) => ({
    sign: async (message) => real.sign(message, (await real.listKeys()).length),
  })),
  'records pass through the workflow': {
    activities: (activities) => ({
      ...activities,
      queryBatch: async (input) => ({ ...(await activities.queryBatch(input)), records: 'invoice.updated' }),
    }),
  },
  'a job is reported before its snapshot is closed': withMethods('snapshots', (real, { jobs }) => ({
    close: async (snapshotId, result) => {
      await jobs.report(snapshotId.replace('snap-', ''), { status: 'succeeded', result });
      return real.close(snapshotId, result);
    },
  })),
  ...PLANTED_ANSWER_BUGS,
};

/** Chunks as they were to be stored; the stored one may come from another attempt. */
const written = new Map<string, Buffer>();
