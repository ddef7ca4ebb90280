import type { Command } from 'commander';
import { runDemo } from '../../../dev/demo/demo';
import { action } from '../action';
import { example, jsonOption, parseCount, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { showProgress } from '../progress';
import { describeEvidence } from '../reportText';

interface DemoOptions extends JsonOption {
  readonly records: number;
  readonly keep?: boolean;
}

/** `demo`: shows sealing, verification and the detection of tampering. Exit code 0 only if every step passed. */
export function define(command: Command): void {
  command
    .description(
      'seal a realistic audit log on embedded servers, verify the evidence, and tamper with a copy of it',
    )
    .option('--records <n>', 'number of records to write', parseCount, 100_000)
    .option('--keep', 'leave everything running, and print the addresses')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot demo --records 1000000 --keep'))
    .action(action(demo));
}

async function demo({ records, keep = false, json = false }: DemoOptions, output: Output): Promise<number> {
  const passed = await runDemo(
    { records, keepRunning: keep },
    {
      // With --json the report is the one result; what people read goes to stderr.
      result: json ? output.note : output.result,
      note: output.note,
      showProgress,
      describeEvidence: (report) => describeEvidence(report, false),
      report: (report) => {
        if (json) output.result(JSON.stringify(report));
      },
    },
  );
  return passed ? EXIT.ok : EXIT.error;
}
