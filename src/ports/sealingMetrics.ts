import type { ErrorCode } from '../errors';

/** What happened once, as the metrics count it. Nothing of a record or of a name is in it. */
export type MetricEvent =
  | { readonly kind: 'error'; readonly code: ErrorCode }
  /** One run of an activity that ended without an error. */
  | { readonly kind: 'stage'; readonly stage: string; readonly seconds: number }
  /** A chunk was stored and hashed; `findings` counts by the kind of finding. */
  | {
      readonly kind: 'chunk';
      readonly sizeBytes: number;
      readonly findings: Readonly<Record<string, number>>;
    }
  /** A snapshot was closed. */
  | { readonly kind: 'snapshot'; readonly recordCount: number; readonly lateCount: number }
  /** A job found its window held by another job. */
  | { readonly kind: 'leaseWait' };

/** Counts what sealing does. It never fails, and nothing depends on what it does. */
export interface SealingMetrics {
  record(event: MetricEvent): void;
}
