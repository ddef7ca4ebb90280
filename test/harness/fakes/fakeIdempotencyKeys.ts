import type { ClaimOutcome, IdempotencyKeys, SubmissionClaim } from '../../../src/ports/idempotencyKeys';
import { FaultPlan } from './faults';

const CLAIM_MS = 60_000;

interface Row extends SubmissionClaim {
  readonly claimedAtMs: number;
  readonly answer: string | null;
  readonly expiresAtMs: number;
}

/** Idempotency keys in memory, by the same rules as the ones in MongoDB. */
export class FakeIdempotencyKeys implements IdempotencyKeys {
  readonly faults = new FaultPlan<keyof IdempotencyKeys>('DATABASE_UNREACHABLE');
  readonly rows = new Map<string, Row>();
  readonly #keepMs: number;

  constructor(keepHours = 48) {
    this.#keepMs = keepHours * 3_600_000;
  }

  claim(claim: SubmissionClaim, nowMs: number): Promise<ClaimOutcome> {
    return this.faults.run('claim', () => {
      const known = this.rows.get(claim.id);
      if (!known || known.expiresAtMs <= nowMs) {
        const expiresAtMs = nowMs + this.#keepMs;
        this.rows.set(claim.id, { ...claim, claimedAtMs: nowMs, answer: null, expiresAtMs });
        return { state: 'claimed', jobId: claim.jobId };
      }
      if (known.fingerprint !== claim.fingerprint) return { state: 'reused' };
      if (known.answer !== null) return { state: 'answered', answer: known.answer };
      if (nowMs - known.claimedAtMs < CLAIM_MS) return { state: 'inFlight' };
      this.rows.set(claim.id, { ...known, claimedAtMs: nowMs });
      return { state: 'claimed', jobId: known.jobId };
    });
  }

  answer(id: string, jobId: string, answer: string): Promise<void> {
    return this.faults.run('answer', () => this.#change(id, jobId, { answer }));
  }

  release(id: string, jobId: string): Promise<void> {
    return this.faults.run('release', () => this.#change(id, jobId, { claimedAtMs: 0 }));
  }

  #change(id: string, jobId: string, change: Partial<Row>): void {
    const row = this.rows.get(id);
    if (row?.jobId === jobId && row.answer === null) this.rows.set(id, { ...row, ...change });
  }
}
