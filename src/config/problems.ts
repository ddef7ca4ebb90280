import { SnapshotError } from '../errors';

/** The error for settings that are wrong; `problem` names them and never shows a value: CONFIG_INVALID. */
export function invalid(problem: string): SnapshotError {
  return new SnapshotError('CONFIG_INVALID', `configuration: ${problem}`);
}
