import { FrameSplitter, answersTo, commandNameOf, readMessage, requestIdOf, writeMessage } from './mongoWire';
import type { Tap } from './tcpProxy';

const WRITES: ReadonlySet<string> = new Set([
  'insert',
  'update',
  'delete',
  'findAndModify',
  'commitTransaction',
]);

export interface WriteCommand {
  readonly name: string;
  readonly collection: string;
  readonly message: Record<string, unknown>;
}

/**
 * A fault of a write: it never arrives, it takes effect and its answer is lost, or the server refuses it with an error. The
 * driver retries some writes once by itself; the retry has the same fault.
 */
export type MongoFault = 'lost' | 'unacknowledged' | keyof typeof REFUSALS;

const REFUSALS = {
  denied: { code: 13, codeName: 'Unauthorized' },
  notPrimary: { code: 10107, codeName: 'NotWritablePrimary' },
  full: { code: 14031, codeName: 'OutOfDiskSpace' },
} as const;

const isRefusal = (fault: MongoFault | undefined): fault is keyof typeof REFUSALS =>
  fault !== undefined && fault in REFUSALS;

/** Identifies a write across retries of the driver; undefined for a write that is not retried. */
export function transactionOf({ message }: WriteCommand): string | undefined {
  const { lsid, txnNumber } = message as { lsid?: { id?: unknown }; txnNumber?: unknown };
  return txnNumber === undefined ? undefined : JSON.stringify([lsid?.id, txnNumber]);
}

export interface MongoObserver {
  /** Called with each write before it is sent on. */
  onWrite(command: WriteCommand): MongoFault | undefined;
  /** Called with each write that changed something, by the server's answer, and the number of documents. */
  onChange(command: WriteCommand, changed: number): void;
}

/** Reads the wire protocol between a driver and its server: reports every write, and whether it changed anything. */
export class MongoTap implements Tap {
  readonly #observer: MongoObserver;
  readonly #requests = new FrameSplitter();
  readonly #answers = new FrameSplitter();
  readonly #waiting = new Map<number, { command: WriteCommand; unacknowledged: boolean }>();
  /** Requests in whose place a ping was sent, and the answers that they get. */
  readonly #refused = new Map<number, keyof typeof REFUSALS>();

  constructor(observer: MongoObserver) {
    this.#observer = observer;
  }

  toServer(part: Buffer): Promise<readonly Buffer[]> {
    const frames = this.#requests.push(part);
    for (const [index, frame] of frames.entries()) {
      const name = commandNameOf(frame);
      if (name === undefined || !WRITES.has(name)) continue;
      const message = readMessage(frame);
      // The product tries writes in transactions that it aborts: nothing is written until one is committed.
      if (message['autocommit'] === false && name !== 'commitTransaction') continue;
      const command = { name, collection: String(message[name]), message };
      const fault = this.#observer.onWrite(command);
      if (fault === 'lost') return Promise.reject(new Error('lost'));
      if (isRefusal(fault)) {
        this.#refused.set(requestIdOf(frame), fault);
        frames[index] = writeMessage({ ping: 1, $db: 'admin' }, requestIdOf(frame));
        continue;
      }
      this.#waiting.set(requestIdOf(frame), { command, unacknowledged: fault === 'unacknowledged' });
    }
    return Promise.resolve(frames);
  }

  toClient(part: Buffer): Promise<readonly Buffer[]> {
    const frames = this.#answers.push(part);
    for (const [index, frame] of frames.entries()) {
      const refused = this.#refused.get(answersTo(frame));
      if (refused) {
        this.#refused.delete(answersTo(frame));
        const error = { ok: 0, errmsg: REFUSALS[refused].codeName, ...REFUSALS[refused] };
        frames[index] = writeMessage(error, requestIdOf(frame), answersTo(frame));
        continue;
      }
      const waiting = this.#waiting.get(answersTo(frame));
      if (!waiting) continue;
      this.#waiting.delete(answersTo(frame));
      const changed = changedBy(waiting.command, readMessage(frame));
      if (changed > 0) this.#observer.onChange(waiting.command, changed);
      if (waiting.unacknowledged) return Promise.reject(new Error('unacknowledged'));
    }
    return Promise.resolve(frames);
  }
}

/** The number of documents that a write changed, by its answer: a compare-and-set without a match changes none. */
function changedBy({ name }: WriteCommand, answer: Record<string, unknown>): number {
  if (answer['ok'] !== 1) return 0;
  if (name === 'update')
    return Number(answer['nModified'] ?? 0) + ((answer['upserted'] as unknown[]) ?? []).length;
  if (name === 'findAndModify') return answer['value'] ? 1 : 0;
  return Number(answer['n'] ?? 0);
}
