import { InvalidArgumentError, Option, type Command } from 'commander';
import type { TimePolicy } from '../contract/snapshot';
import { givenPolicy, readTimePolicy } from '../contract/timePolicy';
import { parseInstantMs } from '../contract/window';
import { parseDuration } from '../schedule/duration';

/** The option that every command with a result has. */
export interface JsonOption {
  readonly json?: boolean;
}

/** The options of {@link addWindowOptions}, as given. */
export interface WindowOptions {
  readonly from?: string;
  readonly to?: string;
  readonly day?: string;
}

/** The option `--json` of every command with a result. */
export function jsonOption(): Option {
  return new Option('--json', 'print only the result to stdout, as JSON');
}

/** Adds `--from`, `--to` and `--day`, which stands for both; `first` and `last` say what they are the ends of. */
export function addWindowOptions(
  command: Command,
  { first, last }: { readonly first: string; readonly last: string },
): Command {
  return command
    .option('--from <instant>', `with --to: ${first}`)
    .option('--to <instant>', last)
    .option('--day <date>', 'one UTC day instead of --from and --to: 2026-01-31, today or yesterday');
}

/** The option `--key` of commands that need pinned keys. */
export function keyOption(): Option {
  return new Option('--key <trust.json>', 'the trust file with the pinned keys').makeOptionMandatory();
}

/** The option `--dir` of commands that read evidence. */
export function dirOption(): Option {
  return new Option('--dir <directory>', 'read exported evidence instead of the bucket');
}

/** The option `--on-tamper`; `note` is added to its description. */
export function onTamperOption(note = ''): Option {
  const text = `what to do with a record that does not match its hash: seal and report it, or fail${note}`;
  return new Option('--on-tamper <policy>', text).choices(['seal', 'fail']);
}

/** The options of {@link addPolicyOptions}. */
export interface PolicyOptions {
  readonly maxAttempts?: number;
  readonly attemptTimeout?: number;
  readonly totalTimeout?: number;
}

/** Adds the options of how long a job may try; the help names the defaults only for something new. */
export function addPolicyOptions(command: Command, { isNew }: { readonly isNew: boolean }): Command {
  const byDefault = (value: string) => (isNew ? ` (default: ${value})` : '');
  return command
    .option(
      '--max-attempts <count>',
      `attempts without progress until a job fails${byDefault('3')}`,
      parseCount,
    )
    .option(
      '--attempt-timeout <duration>',
      `time limit of each attempt${byDefault('1h')}`,
      parseDurationOption,
    )
    .option(
      '--total-timeout <duration>',
      `time limit of a job, over all attempts${byDefault('none')}`,
      parseDurationOption,
    );
}

/** The members of a policy that the command line gives. PAYLOAD_INVALID. */
export function policyOf({ maxAttempts, attemptTimeout, totalTimeout }: PolicyOptions): TimePolicy {
  const policy = { maxAttempts, timeoutSeconds: attemptTimeout, totalTimeoutSeconds: totalTimeout };
  readTimePolicy(policy);
  return givenPolicy(policy);
}

/** Examples for the end of a command's help. */
export function example(...lines: readonly string[]): string {
  return `\nExample:\n${lines.map((line) => `  $ ${line}`).join('\n')}`;
}

/** A whole number from 1 to 999999999. */
export function parseCount(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It is not a whole number from 1 to 999999999.');
}

/** A percentage above 0, up to 100, with at most two decimals. */
export function parsePercent(text: string): number {
  const percent = Number(/^(\d{1,3}(?:\.\d{1,2})?)%?$/.exec(text)?.[1]);
  if (percent > 0 && percent <= 100) return percent;
  throw new InvalidArgumentError('It is not a percentage such as 5%.');
}

/** Seconds of a duration. */
export function parseDurationOption(text: string): number {
  const seconds = parseDuration(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError('It is not a duration such as 90s, 15m, 1h, 1d or 1h30m.');
}

/** An instant in whole seconds, returned in canonical form. */
export function parseInstantOption(text: string): string {
  const ms = parseInstantMs(text);
  if (ms !== undefined && ms % 1000 === 0) return new Date(ms).toISOString();
  throw new InvalidArgumentError(
    'It is not an instant in whole seconds with an offset, such as 2026-01-31T00:00:00Z.',
  );
}

/** The option `--yes` of commands that otherwise refuse what cannot be undone. */
export function yesOption(description: string): Option {
  return new Option('--yes', description);
}

/** Collects the values of an option that may be repeated. */
export function collect(value: string, list: readonly string[] = []): readonly string[] {
  return [...list, value];
}
