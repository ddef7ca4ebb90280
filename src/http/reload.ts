import { SnapshotError, messageOf } from '../errors';
import type { JobServiceConfig } from '../config';

/** How soon replaced files are used. */
const RELOAD_MS = 5_000;

interface ReloadLog {
  readonly info: (facts: object, message: string) => void;
  readonly error: (facts: object, message: string) => void;
}

/** What may change while the service runs: the keys of callers, and the certificates of the service. */
export type Reloaded = Pick<JobServiceConfig, 'authentication' | 'tls'>;

export interface ReloadDeps {
  /** Reads the settings again, with the files that they name. */
  readonly read: () => Reloaded;
  /** Called when something changed; what it throws leaves the old state in force. */
  readonly apply: (settings: Reloaded) => void;
  readonly log: ReloadLog;
}

/**
 * Reads keys and certificates again every few seconds, because a Secret of Kubernetes is replaced in place and a key that
 * leaked must stop working at once. A file that is wrong is an error in the log, and the old content stays in force. Returns
 * a function that ends it.
 */
export function reloadSettings(deps: ReloadDeps, initial: Reloaded): () => void {
  const reload = reloader(deps, initial);
  const timer = setInterval(reload, RELOAD_MS).unref();
  return () => clearInterval(timer);
}

/** One reading at each call. */
export function reloader({ read, apply, log }: ReloadDeps, initial: Reloaded): () => void {
  let current = fingerprintOf(initial);
  let failure: string | undefined;
  return () => {
    try {
      const settings = read();
      const next = fingerprintOf(settings);
      if (next !== current) {
        apply(settings);
        current = next;
        log.info({}, 'keys and certificates were replaced');
      }
      failure = undefined;
    } catch (error) {
      const code = error instanceof SnapshotError ? error.code : 'INTERNAL';
      const reason = messageOf(error);
      if (reason !== failure)
        log.error({ code, reason }, 'replaced keys or certificates are wrong; the old ones stay');
      failure = reason;
    }
  };
}

function fingerprintOf({ authentication, tls }: Reloaded): string {
  return JSON.stringify([authentication.keys, tls?.cert, tls?.key, tls?.clientCa]);
}
