import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(__dirname, '../../docs/rights.md');

/** A row of docs/rights.md: what happens without one right. */
export interface RightRow {
  readonly right: string;
  readonly noticedBy: string;
  readonly code: string;
  readonly exitCode: number;
  /** Of the tables that have it. */
  readonly runningJob: string | undefined;
}

/** The rows of the policy that this section is about. */
export function rightsOfPage(section: string): readonly RightRow[] {
  const [, rest = ''] = readFileSync(PAGE, 'utf8').split(`\n### \`${section}\`\n`);
  const [own = ''] = rest.split(/\n##/);
  const rows = own
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  if (rows.length === 0) throw new Error(`docs/rights.md has no table of ${section}`);
  return rows.map(([right = '', noticedBy = '', code = '', exitCode = '', runningJob]) => ({
    right: withoutMarks(right),
    noticedBy: withoutMarks(noticedBy),
    code: withoutMarks(code),
    exitCode: Number(exitCode),
    runningJob,
  }));
}

function withoutMarks(cell: string): string {
  return cell.replaceAll('`', '');
}
