import { parseCheckpoint, parseNote } from '../../src/tlog/note';
import { LEDGER_CHECKPOINT_KEY } from '../../src/evidence/objectKeys';
import type { Exchange } from './httpProxy';
import type { WriteCommand } from './mongoTap';

/** Checks on the connections between the product and its servers what must hold at every instant. */
export class WireMonitor {
  readonly violations: string[] = [];
  /** Ids of the records that were to be marked, by snapshot. */
  readonly marked = new Map<string, Set<string>>();
  readonly #signed = new Set<string>();
  #published = 0;

  /** A record may be marked once the manifest that includes it is signed. No transaction is ever committed. */
  onWrite({ name, collection, message }: WriteCommand): void {
    if (name === 'commitTransaction') this.report('a transaction is committed');
    if (collection !== 'auditlogs') return;
    for (const { q, u } of (message['updates'] ?? []) as Update[]) {
      const snapshotId = u.$set?.snapshotId;
      if (snapshotId === undefined) continue;
      if (!this.#signed.has(snapshotId)) this.report(`records are marked before ${snapshotId} is signed`);
      const ids = this.marked.get(snapshotId) ?? new Set();
      for (const id of q._id?.$in ?? []) ids.add(String(id));
      this.marked.set(snapshotId, ids);
    }
  }

  onStored({ method, path, body, status }: Exchange): void {
    if (method === 'PUT' && status < 300 && path.endsWith(`/${LEDGER_CHECKPOINT_KEY}`)) this.#publish(body);
    const [, snapshotId] = /\/(snap-[a-z0-9-]+)\/manifest\.json\.sig$/.exec(path) ?? [];
    if (snapshotId !== undefined && method === 'PUT' && (status < 300 || status === 412))
      this.#signed.add(snapshotId);
  }

  /** A published ledger never shrinks. */
  #publish(note: Buffer): void {
    const { size } = parseCheckpoint(parseNote(note).text);
    if (size <= this.#published) this.report(`a ledger of ${size} replaces one of ${this.#published}`);
    this.#published = size;
  }

  report(violation: string): void {
    if (!this.violations.includes(violation)) this.violations.push(violation);
  }
}

interface Update {
  readonly q: { readonly _id?: { readonly $in?: readonly unknown[] } };
  readonly u: { readonly $set?: { readonly snapshotId?: string } };
}
