import type { Environment } from './serverName';

/** A command line that builds something, run with the caller's environment plus `env`. */
export interface BuildStep {
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

/** A pinned server program: how it is called, and how it is built from a package registry. */
export interface Tool {
  readonly name: string;
  readonly version: string;
  /** Names under which it may be on PATH, the preferred one first. */
  readonly binaries: readonly string[];
  readonly toolchain: Toolchain;
  /** Shown while it is built, e.g. `go install, about 3 minutes`. */
  readonly effort: string;
  /** Everything is built below `directory`; `toolchain` is the absolute path of the toolchain's program. */
  steps(directory: string, toolchain: string): readonly BuildStep[];
  /** Where the steps leave the finished program. */
  built(directory: string): string;
  /** Arguments of a call that ends with 0 when the program is sound. */
  readonly probe: readonly string[];
}

/** A program that builds tools, and a call that shows whether it can. */
export interface Toolchain {
  readonly program: string;
  readonly title: string;
  readonly probe: readonly string[];
}

export const GO: Toolchain = { program: 'go', title: 'Go (go)', probe: ['version'] };
export const CARGO: Toolchain = { program: 'cargo', title: 'Rust (cargo)', probe: ['--version'] };
export const PYTHON: Toolchain = {
  program: 'python3',
  title: 'Python 3 with venv and pip (python3)',
  probe: ['-c', 'import venv, ensurepip'],
};

/** What an installation gets from its caller. */
export interface InstallContext {
  readonly environment: Environment;
  /** Aborts waiting and building. */
  readonly signal: AbortSignal;
  /** The environment variable that makes this tool unnecessary. */
  readonly replacedBy: string;
  /** Called with the process group of every build step. */
  readonly guard: (pid: number) => void;
  readonly report: (phase: 'waiting' | 'installing', detail: string, logPath?: string) => void;
}
