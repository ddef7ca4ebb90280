import { existsSync, readdirSync, readFileSync } from 'node:fs';

const SAMPLE_MS = 200;

/** Collects the arguments of all processes of this machine, as `ps` shows them, several times a second. */
export class ArgumentSampler {
  readonly #seen = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  constructor() {
    this.#timer = setInterval(() => this.#sample(), SAMPLE_MS);
    this.#timer.unref();
  }

  /** Ends the collection; each command line once. */
  stop(): readonly string[] {
    clearInterval(this.#timer);
    this.#sample();
    return [...this.#seen];
  }

  #sample(): void {
    if (!existsSync('/proc')) return;
    for (const pid of readdirSync('/proc'))
      if (/^\d+$/.test(pid)) this.#seen.add(argumentsOf(pid).replaceAll('\0', ' '));
  }
}

/** Empty for a process that has ended meanwhile. */
function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
