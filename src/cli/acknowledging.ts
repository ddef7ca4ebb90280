import type { Command } from 'commander';
import { SnapshotError } from '../errors';
import type { FindingState } from '../verify/findingStates';
import type { ClaimStanding } from '../verify/sealedClaims';
import { userName } from './currentUser';
import { jsonOption, type JsonOption } from './options';

/** The options of {@link addAcknowledgeOptions}. */
export interface AcknowledgeOptions extends JsonOption {
  readonly reason: string;
  readonly by?: string;
}

type Standing = ClaimStanding & { readonly actorId: string; readonly reason: string };

const MAX_REASON_CHARS = 1_000;

export const STATE_TEXTS: Readonly<Record<FindingState, string>> = {
  open: 'open',
  pending: 'acknowledged, not sealed yet',
  acknowledged: 'acknowledged',
};

/** The members of `--json` that say whether something is acknowledged, and by what; all null while nothing does. */
export function acknowledgementView(acknowledgement: Standing | undefined) {
  return {
    state: acknowledgement?.state ?? ('open' as const),
    acknowledgedBy: acknowledgement?.acknowledgedBy ?? null,
    sealedIn: acknowledgement?.sealedIn ?? null,
    actorId: acknowledgement?.actorId ?? null,
    reason: acknowledgement?.reason ?? null,
  };
}

/** Adds the options of a command that acknowledges something in the audit log. */
export function addAcknowledgeOptions(command: Command): Command {
  return command
    .requiredOption('--reason <text>', 'what was found out; it becomes part of the evidence')
    .option('--by <name>', 'who acknowledges it (default: the user of the operating system)')
    .addOption(jsonOption());
}

/** Who acknowledges, and why. USAGE_INVALID. */
export function readAcknowledger({ reason, by = userName() }: AcknowledgeOptions): {
  readonly actorId: string;
  readonly reason: string;
} {
  if (reason.trim() === '' || reason.length > MAX_REASON_CHARS)
    throw new SnapshotError('USAGE_INVALID', `--reason needs 1 to ${MAX_REASON_CHARS} characters`);
  if (by === '') throw new SnapshotError('USAGE_INVALID', '--by needs a name');
  return { actorId: by, reason };
}
