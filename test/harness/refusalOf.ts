import { SnapshotError } from '../../src/errors';

/** The SnapshotError that a call throws. */
export function refusalOf(call: () => unknown): SnapshotError {
  try {
    call();
  } catch (error) {
    if (error instanceof SnapshotError) return error;
    throw error;
  }
  throw new Error('the call was not refused');
}
