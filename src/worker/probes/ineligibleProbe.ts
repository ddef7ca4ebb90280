import type { ProbeGauges } from '../../monitoring/metrics';
import type { RecordSource } from '../../ports/recordSource';
import type { Probe } from './probe';

/** How many records are in no window, by kind. Whether a mark within log time is foreign is a question to the ledger. */
export function ineligibleProbe(
  records: Pick<RecordSource, 'countLeftOut'>,
  gauges: Pick<ProbeGauges, 'ineligible'>,
): Probe {
  return {
    name: 'ineligible records',
    measure: async () => {
      const counts = await records.countLeftOut({ uncovered: [] });
      for (const [kind, count] of Object.entries(counts)) gauges.ineligible.set({ kind }, count);
    },
  };
}
