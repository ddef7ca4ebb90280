import {
  readDatabaseConfig,
  readLogLevel,
  readReportingConfig,
  readSealingConfig,
  readStorageConfig,
  readTemporalConfig,
  readVaultConfig,
  readWorkerConfig,
} from '../config';
import { readTogether } from '../config/problems';
import { readTracingEnabled } from '../config/tracing';

/** Everything that a worker process needs. One CONFIG_INVALID (or code of its own) names all missing and wrong settings. */
export function readWorkerSettings() {
  return readTogether({
    level: () => readLogLevel(),
    temporal: () => readTemporalConfig(),
    worker: () => readWorkerConfig(),
    database: () => readDatabaseConfig(),
    storage: () => readStorageConfig(),
    vault: () => readVaultConfig(),
    sealing: () => readSealingConfig(),
    jobService: () => readReportingConfig(),
    traced: () => readTracingEnabled(),
  });
}
