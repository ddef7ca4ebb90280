import type { Ports } from './ports';
import type { ProcessIdentity } from './processIdentity';
import type { ServerName } from './serverName';
import { isAlive } from './processIdentity';
import { readJsonFile, writePrivateFile, type StackDirectory } from './stackDirectory';

/** A server that this stack runs itself. */
export interface EmbeddedRecord {
  readonly kind: 'embedded';
  /** null once it was stopped. */
  readonly process: ProcessIdentity | null;
  readonly ports: Ports;
  readonly binary: string;
  /** The foreground process that it ends with; null when it runs until `down`. */
  readonly owner: ProcessIdentity | null;
}

/** An external server; the address is without credentials. */
interface ExternalRecord {
  readonly kind: 'external';
  readonly address: string;
}

export type ServerRecord = EmbeddedRecord | ExternalRecord;
export type StackState = Readonly<Partial<Record<ServerName, ServerRecord>>>;

interface StateFile {
  readonly format: 'audit-snapshot-stack/v1';
  readonly servers: StackState;
}

/** What the stack last wrote about itself; empty for a stack that never ran. */
export function readState(directory: StackDirectory): StackState {
  return (readJsonFile(directory.statePath) as StateFile | undefined)?.servers ?? {};
}

/** Replaces one server's record; the caller holds the stack's lock. No secret belongs in here. */
export function saveRecord(directory: StackDirectory, server: ServerName, record: ServerRecord): void {
  const file: StateFile = {
    format: 'audit-snapshot-stack/v1',
    servers: { ...readState(directory), [server]: record },
  };
  writePrivateFile(directory.statePath, `${JSON.stringify(file, null, 2)}\n`);
}

/** The process of an embedded server that runs right now. */
export function runningProcess(record: ServerRecord | undefined): ProcessIdentity | undefined {
  if (record?.kind !== 'embedded' || record.process === null) return undefined;
  return isAlive(record.process) ? record.process : undefined;
}
