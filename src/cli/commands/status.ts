import type { Command } from 'commander';
import { readSealingConfig } from '../../config';
import { describeLeftOut, totalLeftOut } from '../../evidence/leftOut';
import { formatDuration } from '../../schedule/duration';
import { action } from '../action';
import { hasColors, paint } from '../colors';
import { attentionReasons } from '../attentionReasons';
import { openDatabase } from '../connections/database';
import { example, jsonOption, parseDurationOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { measureSealing, type SealingFacts } from '../sealingFacts';

interface StatusOptions extends JsonOption {
  /** Seconds. */
  readonly maxLag?: number;
}

/** `status`: whether sealing needs attention. Exit code 6 when it does. */
export function define(command: Command): void {
  command
    .description(
      'show last sealed instant, lag, gaps, findings and unsealed records; exit code 6 if sealing needs attention',
    )
    .option('--max-lag <duration>', 'maximum lag, e.g. 2h; a longer one needs attention', parseDurationOption)
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot status --max-lag 2h'))
    .action(action(status));
}

async function status({ maxLag, json = false }: StatusOptions, output: Output): Promise<number> {
  await using database = await openDatabase();
  const sealing = readSealingConfig();
  const facts = await measureSealing(database.connection, sealing, Date.now());
  const reasons = attentionReasons(facts, maxLag, sealing.source);
  output.result(json ? JSON.stringify(viewOf(facts, reasons)) : describe(facts, reasons));
  return reasons.length === 0 ? EXIT.ok : EXIT.attention;
}

function stateOf(reasons: readonly string[]): 'healthy' | 'attention' {
  return reasons.length === 0 ? 'healthy' : 'attention';
}

/** The shape of `--json`; docs/schema/cli-output.schema.json. */
function viewOf(
  { unsealed: { late, waiting, future }, jobs, ...facts }: SealingFacts,
  reasons: readonly string[],
) {
  return {
    state: stateOf(reasons),
    reasons,
    ...facts,
    backlog: { late, waiting, future },
    jobs: { ...jobs, failed: jobs.failed.length },
  };
}

function describeFindings({ findings, acknowledgedFindings, pendingFindings }: SealingFacts): string {
  const pending = pendingFindings === 0 ? '' : `, ${pendingFindings} acknowledged and not sealed yet`;
  return `${findings}${acknowledgedText(acknowledgedFindings)}${pending}`;
}

function acknowledgedText(count: number): string {
  return count === 0 ? '' : `, ${count} of them acknowledged`;
}

function describe(facts: SealingFacts, reasons: readonly string[]): string {
  const { origin, ledgerSize, sealedUntil, lagSeconds, gaps, unsealed, jobs } = facts;
  const sealed =
    sealedUntil === null ? 'nothing is sealed yet' : `${sealedUntil}, ${formatDuration(lagSeconds ?? 0)} ago`;
  const lines: readonly (readonly [string, string])[] = [
    ['state', paint(hasColors(), reasons.length === 0 ? 'green' : 'red', stateOf(reasons))],
    ['ledger', `${origin}, ${ledgerSize} snapshots`],
    ['sealed until', sealed],
    ['gaps', String(gaps.length)],
    ['findings', describeFindings(facts)],
    ['left out', describeLeftOut(facts.leftOut) + acknowledgedText(totalLeftOut(facts.acknowledgedLeftOut))],
    ['not sealed yet', `${unsealed.waiting ?? 'many'} records, and ${unsealed.late ?? 'many'} late ones`],
    ['jobs', `${jobs.queued} queued, ${jobs.running} running, ${jobs.failed.length} failed`],
  ];
  const text = lines.map(([name, value]) => `${name.padEnd(15)} ${value}`).join('\n');
  return [text, ...reasons.map((reason) => `  ! ${reason}`)].join('\n');
}
