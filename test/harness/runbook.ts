import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runShell, type Ran } from './commandLine';
import { readTrust } from './deployment';

const PAGE = readFileSync(join(__dirname, '../../docs/runbooks.md'), 'utf8');
const PLACEHOLDER = /<(\w+)>/g;

/** A section of docs/runbooks.md: its heading, and the lines of its shell commands. */
export interface RunbookSection {
  readonly heading: string;
  readonly commands: readonly string[];
}

/** The sections of docs/runbooks.md in their order. */
export function runbookSections(): readonly RunbookSection[] {
  return PAGE.split(/^## /m)
    .slice(1)
    .map((section) => {
      const blocks = [...section.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block]) => block!);
      return {
        heading: section.split('\n')[0]!,
        commands: blocks.flatMap((block) => block.trim().split('\n')),
      };
    });
}

/** A command of a document with values for its placeholders; throws where there is none. */
export function fillCommand(command: string, values: Readonly<Record<string, string>>): string {
  return command.replaceAll(PLACEHOLDER, (placeholder, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`no value for ${placeholder} in: ${command}`);
    return value;
  });
}

/** Executes the commands of one section of docs/runbooks.md as they are written there. */
export class Runbook {
  readonly #commands: readonly string[];
  readonly #unused: Set<string>;
  readonly #directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-runbook-'));

  constructor(heading: string) {
    const found = runbookSections().find((section) => section.heading === heading);
    if (!found) throw new Error(`docs/runbooks.md has no section ${heading}`);
    this.#commands = found.commands;
    this.#unused = new Set(found.commands);
  }

  /** Writes the trust file of a deployment where the commands expect it, and returns its path. */
  async pinKeys(env: NodeJS.ProcessEnv): Promise<string> {
    const path = join(this.#directory, 'trust.json');
    writeFileSync(path, JSON.stringify(await readTrust(env)));
    return path;
  }

  /** Runs the only command of the section that matches, to its end. */
  async run(
    env: NodeJS.ProcessEnv,
    pattern: RegExp,
    values: Readonly<Record<string, string>> = {},
  ): Promise<Ran> {
    const [command, ...others] = this.#commands.filter((line) => pattern.test(line));
    if (command === undefined || others.length > 0)
      throw new Error(
        `${others.length + (command ? 1 : 0)} commands of the runbook match ${String(pattern)}`,
      );
    this.#unused.delete(command);
    return await runShell(fillCommand(command, values), { cwd: this.#directory, env }).then(
      (ended) => ({ code: 0, ...ended }),
      ({ code, stdout, stderr }: Ran) => ({ code, stdout, stderr }),
    );
  }

  /** Commands of the section that were not run. */
  get unused(): readonly string[] {
    return [...this.#unused];
  }
}
