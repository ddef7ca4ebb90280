import { formatDuration } from '../schedule/duration';
import type { RecordSourceNames } from '../evidence/recordMembers';
import { openLeftOut } from '../verify/leftOutStates';
import { leftOutReasons } from './leftOutReasons';
import type { SealingFacts } from './sealingFacts';

/** Why an operator has to act, one sentence each; empty when sealing is healthy. */
export function attentionReasons(
  facts: SealingFacts,
  maxLagSeconds: number | undefined,
  source: RecordSourceNames,
): readonly string[] {
  const { gaps, jobs, unsealed, lagSeconds, ledgerDifference, temporalFailure, stuck } = facts;
  return [
    ...(ledgerDifference === null ? [] : [`ledger: ${ledgerDifference}`]),
    ...(temporalFailure === null ? [] : [`Temporal: ${temporalFailure}`]),
    ...stuck.map(({ found, command }) => `${found}; run ${command}`),
    ...gaps.map(
      ({ from, to }) => `not sealed: ${from} → ${to}; seal it: audit-snapshot seal --from ${from} --to ${to}`,
    ),
    ...jobs.failed.map(
      ({ jobId, code }) =>
        `job ${jobId} failed (${code}), and its window is not sealed; remove the cause, then run audit-snapshot retry ${jobId}`,
    ),
    ...findingReasons(facts),
    ...overdueReasons(unsealed.overdue),
    ...futureReasons(unsealed.future),
    ...leftOutReasons(
      openLeftOut({ counts: facts.leftOut, acknowledged: facts.acknowledgedLeftOut }),
      source,
    ),
    ...(maxLagSeconds === undefined ? [] : lagReasons(lagSeconds, maxLagSeconds)),
  ];
}

/** A finding that a sealed record acknowledges is no reason; one whose acknowledgement is not sealed yet still is. */
function findingReasons({
  findings,
  acknowledgedFindings,
  pendingFindings,
}: Pick<SealingFacts, 'findings' | 'acknowledgedFindings' | 'pendingFindings'>): readonly string[] {
  const open = findings - acknowledgedFindings;
  if (open === 0) return [];
  const pending = pendingFindings === 0 ? '' : ` (${pendingFindings} of them acknowledged, not sealed yet)`;
  return [
    `${open} sealed records did not match their own hash, and nobody has acknowledged that in a sealed record${pending}; see: audit-snapshot findings list`,
  ];
}

function overdueReasons(overdue: number | null): readonly string[] {
  if (overdue === 0) return [];
  return [
    `${overdue ?? 'many'} records in sealed log time are not sealed; seal their window again, or, if verify --live calls them unmarked, run audit-snapshot restore`,
  ];
}

function futureReasons(future: number | null): readonly string[] {
  if (future === 0) return [];
  return [
    `${future ?? 'many'} records are dated more than a day in the future; no window contains them until that time has passed`,
  ];
}

function lagReasons(lagSeconds: number | null, maxLagSeconds: number): readonly string[] {
  if (lagSeconds === null) return ['nothing has been sealed yet'];
  return lagSeconds > maxLagSeconds ? [`nothing has been sealed for ${formatDuration(lagSeconds)}`] : [];
}
