import type { Progress } from '../../src/contract/snapshot';

/** The current details of a run in the Web UI, in Temporal's Markdown: what happens now, how far, what was found. */
export function describeProgress(progress: Progress): string {
  const { stage, window, attempt, maxAttempts, expected, stored, hashed, marked, chunks, findings } =
    progress;
  const of = expected === undefined ? '' : ` of ${expected}`;
  const lines = [
    `**${stage}** · window ${window.from} → ${window.to} · snapshot \`${progress.snapshotId}\``,
    '',
    `- stored ${stored}${of} records in ${chunks} chunks`,
    `- hashed ${hashed}${of}, marked ${marked}${of}`,
    `- findings: ${findings}`,
    `- attempt ${attempt} of ${maxAttempts}`,
  ];
  if (progress.lastFailure !== undefined) lines.push(`- last failure: ${progress.lastFailure}`);
  return lines.join('\n');
}
