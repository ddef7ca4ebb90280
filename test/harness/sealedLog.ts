import { connectObjectStore } from '../../src/storage/minioObjectStore';
import { bucketReader } from '../../src/verify/evidenceReaders';
import { readStorageConfig } from '../../src/config';
import { splitRecords } from '../../src/evidence/bsonStream';
import { unpackChunk } from '../../src/evidence/chunk';
import { coverageOf } from '../../src/verify/coverage';
import type { LedgerEntry } from '../../src/evidence/ledgerEntry';
import { parseManifest, type Manifest } from '../../src/evidence/manifest';
import { manifestKey } from '../../src/evidence/objectKeys';
import { verifyLedger } from '../../src/verify/verifyLedger';
import { readRecord } from '../../src/evidence/recordBytes';
import { readTrust } from './deployment';

const MAX_BYTES = 2 ** 26;

/** What a bucket contains: the entries of its verified ledger, and each record with the snapshots that include it. */
export class SealedLog {
  readonly entries: readonly LedgerEntry[];
  /** Snapshot ids by record id; a record that is sealed twice has two. */
  readonly holders = new Map<string, string[]>();
  readonly manifests = new Map<string, Manifest>();

  private constructor(entries: readonly LedgerEntry[]) {
    this.entries = entries;
  }

  /** Reads the evidence of one origin; only snapshots for which `includes` is true. */
  static async read(
    env: Readonly<Record<string, string>>,
    includes: (snapshotId: string) => boolean = () => true,
  ): Promise<SealedLog> {
    const store = connectObjectStore(readStorageConfig({ ...process.env, ...env }));
    const trust = await readTrust({ ...process.env, ...env });
    const { ledger, report } = await verifyLedger(bucketReader(store), { trust, key: 'pinned' });
    if (!ledger) throw new Error(`the ledger does not verify: ${JSON.stringify(report.failures)}`);
    const log = new SealedLog(ledger.entries.filter(({ snapshotId }) => includes(snapshotId)));
    for (const { snapshotId } of log.entries) {
      const manifest = parseManifest((await store.get(manifestKey(snapshotId), MAX_BYTES))!.body);
      log.manifests.set(snapshotId, manifest);
      for (const { key, versionId } of manifest.chunks) {
        const { body } = (await store.get(key, MAX_BYTES, versionId))!;
        for (const raw of splitRecords(await unpackChunk(body))) {
          const { id } = readRecord(raw);
          log.holders.set(id, [...(log.holders.get(id) ?? []), snapshotId]);
        }
      }
    }
    return log;
  }

  /** Spans of `[from, until)` that no snapshot covers. */
  gaps(from: string, until: string): string[] {
    const to = new Date(Date.parse(until) - 1).toISOString();
    const missing = coverageOf(this.entries, { from, to }).filter(({ state }) => state === 'missing');
    return missing.map((span) => `${span.from} → ${span.to}`);
  }

  /** Windows that are not supplementary, in the order of the log, as `[from, to]`. */
  windows(): [string, string][] {
    return this.entries
      .filter(({ snapshotId }) => !snapshotId.includes('-late-'))
      .map(({ window }): [string, string] => [window.from, window.to])
      .toSorted(([left], [right]) => (left < right ? -1 : 1));
  }

  /** Records that more than one snapshot includes. */
  twice(): string[] {
    return [...this.holders].filter(([, snapshots]) => snapshots.length > 1).map(([id]) => id);
  }
}
