import type { Window } from '../contract/window';
import type { AuditService } from '../services/audit.service';

const COUNT_MS = 10_000;

/** Unsealed records of a window; null when counting takes longer than ten seconds. DATABASE_*. */
export async function countUnsealed(log: AuditService, window: Window): Promise<number | null> {
  const signal = AbortSignal.timeout(COUNT_MS);
  try {
    return await log.countUnsealed(window, signal);
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  }
}
