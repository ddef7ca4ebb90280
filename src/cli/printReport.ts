import { styleText } from 'node:util';
import type { Verdict, VerifyReport } from '../evidence/verifyReport';
import { EXIT } from './output';

/** Exit code of a verdict. */
export function exitCodeOfVerdict(verdict: Verdict): number {
  return { VERIFIED: EXIT.ok, 'NOT VERIFIED': EXIT.invalid, INCOMPLETE: EXIT.incomplete }[verdict];
}

/** A report as lines: one for each layer, one for each failure, the verdict last. */
export function describeReport(report: VerifyReport, color: boolean): string {
  const paint = (style: 'green' | 'red' | 'yellow' | 'bold', text: string) =>
    color ? styleText(style, text) : text;
  const lines = [`snapshot ${report.snapshotId}, ${report.recordCount} records`];
  for (const { layer, passed, total } of report.layers) {
    const mark =
      total === 0 ? paint('yellow', '–') : passed === total ? paint('green', '✓') : paint('red', '✗');
    lines.push(`  ${mark} ${layer.padEnd(14)} ${passed}/${total}`);
  }
  if (report.findingCount > 0) {
    lines.push(
      paint(
        'yellow',
        `  ! ${report.findingCount} records carried no fitting hash when they were sealed; the manifest lists them`,
      ),
    );
  }
  for (const { layer, object, expected, found } of report.failures) {
    lines.push(
      paint('red', `  ✗ ${layer}: ${object}`),
      `      expected ${shorten(expected)}`,
      `      found    ${shorten(found)}`,
    );
  }
  const more = report.failureCount - report.failures.length;
  if (more > 0) lines.push(`  … and ${more} more failures (--max-errors)`);
  if (report.key === 'self-asserted') {
    lines.push(
      paint(
        'yellow',
        '  ! SELF-ASSERTED KEY: it came out of the evidence itself, which proves nothing about who signed.',
      ),
      '    Pin the key: --key trust.json (audit-snapshot keys export)',
    );
  }
  const style = report.verdict === 'VERIFIED' ? 'green' : report.verdict === 'INCOMPLETE' ? 'yellow' : 'red';
  lines.push(paint(style, report.verdict));
  return lines.join('\n');
}

/** Evidence is untrusted, and it is printed on a terminal: control characters are made visible. */
function shorten(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  const visible = text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, '�');
  return visible.length > 200 ? `${visible.slice(0, 200)}…` : visible;
}
