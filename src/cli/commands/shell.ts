import { InvalidArgumentError, Option } from 'commander';
import { exitCodeOf, printError, PROCESS_OUTPUT } from '../output';

/** Options that most commands share. */
export interface CommonOptions {
  readonly json?: boolean;
}

export const GROUPS = {
  sealing: 'Sealing:',
  looking: 'Looking:',
  evidence: 'Evidence:',
  keeping: 'Keeping:',
  operating: 'Operating:',
  trying: 'Trying out:',
} as const;

export function jsonOption(): Option {
  return new Option('--json', 'print the result as JSON on stdout, and nothing else');
}

export function keyOption(): Option {
  return new Option('--key <trust.json>', 'the pinned keys').makeOptionMandatory();
}

export function dirOption(): Option {
  return new Option('--dir <directory>', 'read exported evidence instead of the bucket');
}

/** An example, shown behind the help of a command. */
export function example(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** Every command ends here: its exit code, or its error said once. */
export async function finish(run: () => number | Promise<number>, options: CommonOptions): Promise<void> {
  try {
    process.exitCode = await run();
  } catch (error) {
    printError(PROCESS_OUTPUT, error, options.json === true);
    process.exitCode = exitCodeOf(error);
  }
}

export function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number from 1 to 999999999.');
}

export function parsePercent(text: string): number {
  const percent = Number(/^(\d{1,3}(?:\.\d{1,2})?)%?$/.exec(text)?.[1]);
  if (percent > 0 && percent <= 100) return percent;
  throw new InvalidArgumentError('It is not a percentage such as 5%.');
}

export function collect(value: string, list: readonly string[] = []): readonly string[] {
  return [...list, value];
}
