/** A request that asks to submit a job once. */
export interface SubmissionClaim {
  /** Hash of caller and key. */
  readonly id: string;
  /** Hash of the request. */
  readonly fingerprint: string;
  /** The job to create if this is the first request with this key. */
  readonly jobId: string;
}

export type ClaimOutcome =
  /** Submit this job and no other; an earlier request may have done part of it. */
  | { readonly state: 'claimed'; readonly jobId: string }
  | { readonly state: 'answered'; readonly answer: string }
  | { readonly state: 'inFlight' }
  /** The key was used for another request. */
  | { readonly state: 'reused' };

/**
 * Submissions that happen once for each key. Exactly one of many concurrent claims wins. After a crash of the process
 * that holds a claim, the next request gets it a minute later. Errors: DATABASE_*.
 */
export interface IdempotencyKeys {
  claim(claim: SubmissionClaim, nowMs: number): Promise<ClaimOutcome>;
  /** Stores the answer for every later request with the key; the first answer stays. */
  answer(id: string, jobId: string, answer: string): Promise<void>;
  /** Gives up an unanswered claim, so that the next request with the key gets it at once. */
  release(id: string, jobId: string): Promise<void>;
}
