import type { ProbeGauges } from '../../monitoring/metrics';
import { openLeftOut, type LeftOutStates } from '../../verify/leftOutStates';
import type { Probe } from './probe';

/**
 * How many records are in no window and are not acknowledged, by kind. Whether a mark within log time is foreign is a
 * question to the ledger.
 */
export function ineligibleProbe(
  read: () => Promise<LeftOutStates>,
  gauges: Pick<ProbeGauges, 'ineligible'>,
): Probe {
  return {
    name: 'ineligible records',
    measure: async () => {
      for (const [kind, count] of Object.entries(openLeftOut(await read())))
        gauges.ineligible.set({ kind }, count);
    },
  };
}
