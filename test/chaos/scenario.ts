import type { Connection } from 'mongoose';
import { auditTrail } from '../../dev/demo/auditTrail';
import type { Window } from '../../src/contract/window';
import { AuditService } from '../../src/services/audit.service';
import type { Plan } from './plan';

/** Every run has a database of its own, so all of them seal the same day. */
const DAY: Window = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-01T23:59:59.999Z' };
const AFTERNOON: Window = { from: '2026-03-01T11:00:00.000Z', to: '2026-03-02T06:00:00.000Z' };
/** Covers everything that any scenario logs. */
export const WHOLE: Window = { from: '2026-03-01T00:00:00.000Z', to: '2026-03-02T12:00:00.000Z' };

const CHUNKS = 6;
const LATE = 40;

export function windowsOf({ scenario }: Plan): readonly Window[] {
  return scenario === 'overlapping' ? [DAY, AFTERNOON] : [DAY];
}

/** Records of a chunk, so that a snapshot has about six. */
export function chunkRecordsOf({ records }: Plan): number {
  return Math.max(20, Math.ceil(records / CHUNKS));
}

export async function logRecords(connection: Connection, { scenario, records }: Plan): Promise<void> {
  if (scenario === 'empty') return;
  const { to } = scenario === 'overlapping' ? AFTERNOON : DAY;
  await new AuditService(connection).logAuditEntries(
    auditTrail(records, Date.parse(DAY.from), Date.parse(to)),
  );
}

/** Logs records throughout a window that is being sealed. */
export async function logLateRecords(connection: Connection, seed: number): Promise<void> {
  const trail = auditTrail(LATE, Date.parse(DAY.from), Date.parse(DAY.to), seed);
  await new AuditService(connection).logAuditEntries(trail);
}
