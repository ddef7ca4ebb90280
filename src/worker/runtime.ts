import { DefaultLogger, Runtime, type LogEntry, type RuntimeOptions } from '@temporalio/worker';
import type { Logger } from 'pino';
import { messageOf } from '../errors';

/**
 * Installs Temporal's native runtime; must run before any connection is made. Its log lines become lines of `log`. With
 * `metricsAddress` it serves its metrics there, and without them if the address cannot be used.
 */
export function installRuntime(log: Logger, level: string, metricsAddress?: string): void {
  if (metricsAddress === undefined) {
    Runtime.install(optionsOf(log, level));
    return;
  }
  try {
    Runtime.install(
      optionsOf(log, level, {
        prometheus: {
          bindAddress: metricsAddress,
          countersTotalSuffix: true,
          unitSuffix: true,
          useSecondsForDurations: true,
        },
      }),
    );
  } catch (error) {
    log.warn({ reason: messageOf(error) }, "Temporal's own metrics cannot be served");
    Runtime.install(optionsOf(log, level));
  }
}

type Metrics = NonNullable<NonNullable<RuntimeOptions['telemetryOptions']>['metrics']>;

function optionsOf(log: Logger, level: string, metrics?: Metrics): RuntimeOptions {
  return {
    logger: new DefaultLogger('INFO', (entry) => writeEntry(log, entry)),
    telemetryOptions: {
      logging: { forward: {}, filter: { core: level === 'debug' ? 'INFO' : 'WARN', other: 'ERROR' } },
      ...(metrics === undefined ? {} : { metrics }),
    },
  };
}

function writeEntry(log: Logger, { level, meta = {}, message }: LogEntry): void {
  const write = level === 'ERROR' ? log.error : level === 'WARN' ? log.warn : log.info;
  write.call(log, meta, message);
}
