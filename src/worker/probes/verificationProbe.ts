import type { Client } from '@temporalio/client';
import type { ProbeGauges } from '../../monitoring/metrics';
import { DRIFT_KINDS } from '../../verify/drift';
import { readVerifyRuns, type VerifyRun } from '../../temporal/verifyRuns';
import type { Probe } from './probe';

export interface VerificationProbeDeps {
  readonly readRuns: (known: ReadonlyMap<string, VerifyRun>) => Promise<readonly VerifyRun[]>;
  readonly gauges: Pick<ProbeGauges, 'verified' | 'drift'>;
}

/** The runs of a task queue, for {@link verificationProbe}. */
export function verifyRunsOf(client: Client, taskQueue: string): VerificationProbeDeps['readRuns'] {
  return (known) => readVerifyRuns(client, taskQueue, known);
}

/** When the verify workflow last ended with each result, and the drift that its latest complete run found. */
export function verificationProbe({ readRuns, gauges }: VerificationProbeDeps): Probe {
  let known: ReadonlyMap<string, VerifyRun> = new Map();
  return {
    name: 'verification',
    measure: async () => {
      const runs = (await readRuns(known)).toSorted((left, right) => left.endedAtMs - right.endedAtMs);
      known = new Map(runs.map((run) => [run.runId, run]));
      gauges.verified.reset();
      for (const { result, endedAtMs } of runs) gauges.verified.set({ result }, endedAtMs / 1000);
      const counts = runs.findLast((run) => run.counts !== undefined)?.counts;
      if (!counts) return gauges.drift.reset();
      for (const kind of DRIFT_KINDS) gauges.drift.set({ kind }, counts[kind] ?? 0);
    },
  };
}
