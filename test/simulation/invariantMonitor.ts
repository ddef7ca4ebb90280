import type { FinishingWrites } from '../../src/ports/writeCheck';
import { NO_ASSET, snapshotIdOf } from '../../src/contract/names';
import type { JobOutcome } from '../../src/contract/activities';
import { splitRecords } from '../../src/evidence/bsonStream';
import { parseCheckpoint, parseNote } from '../../src/tlog/note';
import {
  snapshotOrigin,
  LEDGER_CHECKPOINT_KEY,
  manifestKey,
  manifestSignatureKey,
} from '../../src/evidence/objectKeys';
import { unpackChunk } from '../../src/evidence/chunk';
import { manifestStatement } from '../../src/evidence/statement';
import { verifyEd25519 } from '../../src/tlog/ed25519';
import { sha256Hex } from '../../src/tlog/sha256';
import { leafHash, rootOfLeaves } from '../../src/tlog/merkle';
import { readRecord } from '../../src/evidence/recordBytes';
import { entryIdOnce } from '../../src/services/auditEntry';
import type { FakeDeps } from '../harness/fakeDeps';
import type { Effect } from './simulatedNetwork';
import { memoizedParse } from './memoizedInvariants';

const CHUNK = /\.bson\.gz$/;
/** An authority answers differently each time, and the first answer counts. */
const TIMESTAMP = /\.tsr$/;

/** Checks on each call that took effect what must hold at every instant. */
export class InvariantMonitor {
  readonly violations = new Set<string>();
  readonly #fakes: FakeDeps;
  /** Text that only records and chunks may contain. */
  readonly #content: string;
  /** Bytes of each key as they were stored, whatever storage says of them later. */
  /** Snapshots whose writes of finishing were accepted before they were signed. */
  readonly #tried = new Set<string>();
  readonly #stored = new Map<string, Buffer>();
  readonly #sealed = new Map<string, ReadonlySet<string>>();
  /** Entries in the order in which the ledger committed them. */
  readonly #committed: string[] = [];
  readonly #leaves: Buffer[] = [];
  #published = -1;

  constructor(fakes: FakeDeps, content: string) {
    this.#fakes = fakes;
    this.#content = content;
  }

  async onEffect({ site, args, answer }: Effect): Promise<void> {
    if (site === 'store.putOnce') this.#put(args[0] as string, args[1] as Buffer, answer !== undefined);
    if (site === 'store.replace' && answer !== undefined) this.#publish(args[1] as Buffer);
    if (site === 'ledger.append') this.#append(args[0] as string, args[1] as Buffer, answer as number);
    if (site === 'writeCheck.tryWrites') this.#tried.add((args[0] as FinishingWrites).snapshotId);
    if (site === 'leases.beginSigning' && !this.#tried.has(args[0] as string))
      this.violations.add(`signing of ${args[0] as string} began, and its writes were not tried`);
    if (site === 'signer.sign') this.#sign(args[0] as Buffer);
    if (site === 'records.updateLogImmutability')
      await this.#mark(args[0] as readonly string[], args[1] as string);
    if (site === 'jobs.report') this.#report(args[0] as string, args[1] as JobOutcome);
  }

  /** Input, output or failure of an activity, as a history stores them. */
  onHistory(payload: unknown): void {
    if (JSON.stringify(payload ?? null).includes(this.#content))
      this.violations.add('a record is in the history');
  }

  #put(key: string, body: Buffer, stored: boolean): void {
    const known = this.#stored.get(key);
    if (stored) this.#stored.set(key, Buffer.from(body));
    if (!CHUNK.test(key) && body.includes(this.#content)) this.violations.add(`a record is in ${key}`);
    if (key === LEDGER_CHECKPOINT_KEY) {
      if (stored) this.#publish(body);
    } else if (known && !CHUNK.test(key) && !TIMESTAMP.test(key) && !known.equals(body)) {
      this.violations.add(`two attempts made different bytes of ${key}`);
    }
  }

  #append(snapshotId: string, entry: Buffer, index: number): void {
    this.#committed[index] = snapshotId;
    this.#leaves[index] = leafHash(entry);
  }

  #publish(note: Buffer): void {
    const { size } = parseCheckpoint(parseNote(note).text);
    if (size <= this.#published)
      this.violations.add(`a ledger of ${size} entries replaces one of ${this.#published}`);
    this.#published = size;
  }

  /** Only a stored manifest, its checkpoint, or a head of the committed ledger may be signed. */
  #sign(message: Buffer): void {
    const text = message.toString();
    // No verifier takes it for a statement about a manifest.
    if (text.startsWith('audit-snapshot/preflight/')) return;
    if (text.startsWith('audit-snapshot/manifest/')) {
      const [, , snapshotId = '', digest] = text.split('\n');
      const stored = this.#stored.get(manifestKey(snapshotId));
      if (!stored || sha256Hex(stored) !== digest)
        this.violations.add(`a manifest of ${snapshotId} that is not stored is signed`);
      return;
    }
    const { origin, size, root } = parseCheckpoint(text);
    const { settings } = this.#fakes;
    if (origin === settings.origin) {
      if (!rootOfLeaves(this.#leaves.slice(0, size)).equals(root))
        this.violations.add(`a ledger of ${size} entries that was never committed is signed`);
      return;
    }
    const manifests = [...this.#stored].filter(([key]) => key.endsWith('/manifest.json'));
    const signed = manifests
      .map(([, body]) => memoizedParse(body))
      .find((manifest) => snapshotOrigin(settings.origin, manifest.snapshotId) === origin);
    if (signed?.recordCount !== size || signed.root !== root.toString('base64'))
      this.violations.add(`a checkpoint of ${origin} that differs from its manifest is signed`);
  }

  async #mark(ids: readonly string[], snapshotId: string): Promise<void> {
    const marked = ids.filter((id) => this.#fakes.records.sealedBy(id) === snapshotId);
    const included = this.#sealed.get(snapshotId) ?? (await this.#includedIn(snapshotId));
    for (const id of marked)
      if (!included.has(id)) this.violations.add(`record ${id} is marked and not in a signed ${snapshotId}`);
  }

  /** The records of a snapshot; none while its manifest is not signed. */
  async #includedIn(snapshotId: string): Promise<ReadonlySet<string>> {
    const body = this.#stored.get(manifestKey(snapshotId));
    const signature = this.#stored.get(manifestSignatureKey(snapshotId));
    if (!body || !signature) return new Set();
    const { origin, key, chunks } = memoizedParse(body);
    const publicKey = Buffer.from(key.publicKey, 'base64');
    const statement = manifestStatement(origin, snapshotId, sha256Hex(body));
    if (!verifyEd25519(publicKey, statement, Buffer.from(signature.toString(), 'base64'))) return new Set();
    const ids = new Set<string>();
    for (const chunk of chunks) {
      const packed = this.#stored.get(chunk.key);
      if (packed)
        for (const document of splitRecords(await unpackChunk(packed))) ids.add(readRecord(document).id);
    }
    this.#sealed.set(snapshotId, ids);
    return ids;
  }

  /** A success is reported only after everything else is durable. */
  #report(jobId: string, outcome: JobOutcome): void {
    if (outcome.status !== 'succeeded') return;
    const { snapshots, assets, records } = this.#fakes;
    const { snapshotId, snapshotAssetId } = outcome.result;
    const requireBefore = (holds: boolean, what: string): void => {
      if (!holds) this.violations.add(`job ${jobId} is reported before ${what}`);
    };
    requireBefore(snapshotId === snapshotIdOf(jobId), 'its snapshot is known');
    requireBefore(snapshots.snapshots.get(snapshotId)?.result !== null, 'its snapshot is closed');
    const index = this.#committed.indexOf(snapshotId);
    requireBefore(index >= 0 && index < this.#published, 'its entry is published');
    const marked = [...(this.#sealed.get(snapshotId) ?? [])].every(
      (id) => records.sealedBy(id) !== undefined,
    );
    requireBefore(marked, 'its records are marked');
    if (snapshotAssetId === NO_ASSET) return;
    requireBefore(
      assets.assets.get(snapshotId)?.snapshotAssetId === snapshotAssetId,
      'its asset is registered',
    );
    const entry = entryIdOnce('snapshot.created', snapshotAssetId).toHexString();
    requireBefore(records.read(entry) !== undefined, 'its audit entry is written');
  }
}
