import type { Connection } from 'mongoose';
import type { RecordSourceNames } from '../../evidence/recordMembers';
import { countIneligible } from '../../mongo/countIneligible';
import type { ProbeGauges } from '../../monitoring/metrics';
import type { Probe } from './probe';

/** How many records are in no window, by the reason. */
export function ineligibleProbe(
  database: Connection,
  source: RecordSourceNames,
  gauges: Pick<ProbeGauges, 'ineligible'>,
): Probe {
  return {
    name: 'ineligible records',
    measure: async (signal) => {
      for (const [kind, count] of await countIneligible(database, source, signal))
        gauges.ineligible.set({ kind }, count);
    },
  };
}
